with int_heat_added as (
    select * from {{ ref('int_heat_added') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

running_sums as (
    select
        scorecard_version,
        body_kind,
        body_id,
        occurred_on,
        {%- for dimension in heat_dimensions() %}
        cast(sum(added_{{ dimension }}) over (
            body_days rows between unbounded preceding and current row
        ) as decimal(38, 0)) as sum_{{ dimension }},
        {%- endfor %}
        lead(occurred_on) over (body_days) as next_on
    from int_heat_added
    window body_days as (partition by scorecard_version, body_kind, body_id order by occurred_on)
),

heated as (
    select
        running_sums.*,
        int_scorecards.epoch,
        int_scorecards.half_life_days,
        int_scorecards.hot_at,
        int_scorecards.cold_at,
        {{ total_heat('running_sums.occurred_on') }} as heat
    from running_sums
    inner join int_scorecards on running_sums.scorecard_version = int_scorecards.scorecard_version
),

cooling_times as (
    select
        *,
        case when heat >= cold_at then half_life_days * log2(cast(heat as double) / cold_at) end as days_to_cool
    from heated
),

-- The closed form, which rounding to nine decimals can miss by a day only where it is close to a whole number of days.
estimated_coolings as (
    select
        *,
        {{ add_days('occurred_on', 'ceil(days_to_cool)') }} as estimated_on,
        abs(days_to_cool - round(days_to_cool)) > cast(0.00000001 as double) * half_life_days / cold_at as is_certain
    from cooling_times
)

select
    scorecard_version,
    body_kind,
    body_id,
    occurred_on,
    next_on,
    epoch,
    half_life_days,
    hot_at,
    cold_at,
    {%- for dimension in heat_dimensions() %}
    sum_{{ dimension }},
    {%- endfor %}
    heat,
    case
        when estimated_on is null or is_certain then estimated_on
        when
            estimated_on > {{ add_days('occurred_on', 1) }}
            and {{ total_heat(add_days('estimated_on', -1)) }} < cold_at
            then {{ add_days('estimated_on', -1) }}
        when
            estimated_on > occurred_on
            and {{ total_heat('estimated_on') }} < cold_at
            then estimated_on
        else {{ add_days('estimated_on', 1) }}
    end as cools_on
from estimated_coolings
