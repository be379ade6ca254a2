with int_bodies as (
    select * from {{ ref('int_bodies') }}
),

-- No event adds or takes away more than this.
most_degrees as (
    select
        scorecard_version,
        cast(
            {%- for dimension in heat_dimensions() %}
            greatest(max({{ dimension }}), -min({{ dimension }})){{ ' +' if not loop.last }}
            {%- endfor %} as double
        ) as most_degrees
    from {{ ref('int_event_degrees') }}
    group by scorecard_version
),

int_scorecards as (
    select
        int_scorecards.scorecard_version,
        int_scorecards.epoch,
        cast(int_scorecards.half_life_days as double) as half_life_days,
        cast(int_scorecards.hot_at as double) as hot_at,
        cast(int_scorecards.cold_at as double) as cold_at,
        most_degrees.most_degrees,
        pow(2, 1 / cast(int_scorecards.half_life_days as double)) as times_a_day_before
    from {{ ref('int_scorecards') }} as int_scorecards
    inner join most_degrees on int_scorecards.scorecard_version = most_degrees.scorecard_version
),

weighted_events as (
    select
        int_event_degrees.scorecard_version,
        int_bodies.body_number,
        int_event_degrees.occurred_on,
        (
            {%- for dimension in heat_dimensions() %}
            cast(int_event_degrees.{{ dimension }} as double){{ ' +' if not loop.last }}
            {%- endfor %}
        ) * {{ heat_weight('int_event_degrees.occurred_on') }} as added
    from {{ ref('int_event_degrees') }} as int_event_degrees
    inner join int_bodies on int_event_degrees.account_number = int_bodies.account_number
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

running_totals as (
    select
        scorecard_version,
        body_number,
        occurred_on,
        added,
        kahan_sum(added) over body_events as total,
        row_number() over body_events as events,
        lag(occurred_on) over body_events as previous_on,
        lead(occurred_on) over body_events as next_on
    from weighted_events
    window body_events as (
        partition by scorecard_version, body_number order by occurred_on
        rows between unbounded preceding and current row
    )
),

-- The last of a day's events has the whole day's sum.
heated as (
    select
        running_totals.scorecard_version,
        running_totals.body_number,
        running_totals.occurred_on,
        running_totals.next_on,
        int_scorecards.half_life_days,
        int_scorecards.hot_at,
        int_scorecards.cold_at,
        int_scorecards.times_a_day_before,
        {{ heat_decay('running_totals.occurred_on') }} as decay,
        running_totals.total * decay as heat_about,
        (running_totals.total - running_totals.added) * decay as heat_before,
        {{ days_between('running_totals.previous_on', 'running_totals.occurred_on') }} as days_before,
        {{ days_between('running_totals.occurred_on', 'running_totals.next_on') }} as days_after,
        {{ heat_margin('running_totals.events', 'int_scorecards.most_degrees', 'decay') }} as margin
    from running_totals
    inner join int_scorecards on running_totals.scorecard_version = int_scorecards.scorecard_version
    where running_totals.next_on is null or running_totals.next_on > running_totals.occurred_on
),

cooling_times as (
    select
        *,
        half_life_days * log2(greatest(heat_about, cold_at) / cold_at) as days_to_cool,
        1.5 * margin * half_life_days / cold_at as days_of_margin
    from heated
),

-- A day's last event knows the heat before, unless others of the day were before it.
bounded as (
    select
        *,
        heat_about + margin < hot_at as is_not_hot,
        days_to_cool - days_of_margin > days_after as stays_warm,
        coalesce(days_before > 0, true) and (heat_before + margin) * times_a_day_before < cold_at as was_cold,
        days_before > 0
        and heat_before - margin >= cold_at
        and days_before + half_life_days * log2(greatest(heat_before - margin, cold_at) / hot_at) >= 0 as was_hot
    from cooling_times
),

-- Cold before and not hot now, or warm until the next day and hot before or not hot now: such a day changes nothing.
changing_days as (
    select
        *,
        case when heat_about >= cold_at then ceil(days_to_cool) end as whole_days_to_cool,
        abs(heat_about - hot_at) > margin
        and abs(heat_about - cold_at) > margin
        and (heat_about < cold_at or abs(days_to_cool - round(days_to_cool)) > days_of_margin) as is_certain
    from bounded
    where
        days_after is null
        or not coalesce(is_not_hot and was_cold or stays_warm and (is_not_hot or was_hot), false)
)

select
    scorecard_version,
    body_number,
    occurred_on,
    next_on,
    is_certain,
    case
        when not is_certain then null
        when heat_about >= hot_at then true
        when heat_about < cold_at then false
    end as is_hot,
    case when is_certain then {{ add_days('occurred_on', 'whole_days_to_cool') }} end as cools_on
from changing_days
