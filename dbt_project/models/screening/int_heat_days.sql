with int_event_degrees as (
    select * from {{ ref('int_event_degrees') }}
),

int_bodies as (
    select * from {{ ref('int_bodies') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

weighted_events as (
    select
        int_event_degrees.scorecard_version,
        int_bodies.body_number,
        {%- for dimension in heat_dimensions() %}
        int_event_degrees.{{ dimension }},
        {%- endfor %}
        int_event_degrees.occurred_on,
        {{ heat_weight('int_event_degrees.occurred_on') }} as weight
    from int_event_degrees
    inner join int_bodies on int_event_degrees.account_id = int_bodies.account_id
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

added_events as (
    select
        scorecard_version,
        body_number,
        occurred_on,
        {{ total_integer('weight') }} as added
    from weighted_events
),

-- Over the range of dates, so that each of a day's events has the whole day's sum; one of them is its last.
running_totals as (
    select
        scorecard_version,
        body_number,
        occurred_on,
        sum(added) over (
            body_events range between unbounded preceding and current row
        ) as sum_total,
        lead(occurred_on) over (body_events) as next_on
    from added_events
    window body_events as (partition by scorecard_version, body_number order by occurred_on)
),

heated as (
    select
        running_totals.scorecard_version,
        running_totals.body_number,
        running_totals.occurred_on,
        running_totals.next_on,
        int_scorecards.half_life_days,
        cast(int_scorecards.hot_at as double) as hot_at,
        cast(int_scorecards.cold_at as double) as cold_at,
        cast(running_totals.sum_total as double) * {{ heat_decay('running_totals.occurred_on') }} as heat_about
    from running_totals
    inner join int_scorecards on running_totals.scorecard_version = int_scorecards.scorecard_version
    where running_totals.next_on is null or running_totals.next_on > running_totals.occurred_on
),

cooling_times as (
    select
        *,
        case when heat_about >= cold_at then half_life_days * log2(heat_about / cold_at) end as days_to_cool
    from heated
)

select
    scorecard_version,
    body_number,
    occurred_on,
    next_on,
    heat_about,
    {{ add_days('occurred_on', 'ceil(days_to_cool)') }} as cools_on,
    abs(heat_about - hot_at) > {{ heat_margin() }}
    and abs(heat_about - cold_at) > {{ heat_margin() }}
    and coalesce(
        abs(days_to_cool - round(days_to_cool)) > {{ heat_margin() }} * half_life_days / cold_at, true
    ) as is_certain
from cooling_times
