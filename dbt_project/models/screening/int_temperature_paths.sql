with int_heat_days as (
    select * from {{ ref('int_heat_days') }}
),

previous_days as (
    select
        *,
        lag(cools_on) over (partition by scorecard_version, body_kind, body_id order by occurred_on) as previous_cools_on
    from int_heat_days
),

-- Hot, cold, or (null) whatever it was the day before.
decided_days as (
    select
        *,
        case
            when heat >= hot_at then 'hot'
            when heat < cold_at then 'cold'
            when previous_cools_on < occurred_on then 'cold'
        end as decided
    from previous_days
),

settled_days as (
    select
        *,
        coalesce(
            last_value(decided ignore nulls) over (
                partition by scorecard_version, body_kind, body_id
                order by occurred_on
                rows between unbounded preceding and current row
            ),
            'cold'
        ) as temperature
    from decided_days
),

points as (
    select
        scorecard_version,
        body_kind,
        body_id,
        occurred_on as changed_on,
        temperature,
        -- An event day on which it would have cooled anyway is a cooling, if it is cold at its end.
        case
            when temperature = 'cold' and previous_cools_on <= occurred_on then 'cooling'
            else 'activity'
        end as cause
    from settled_days
    union all
    select
        scorecard_version,
        body_kind,
        body_id,
        cools_on as changed_on,
        'cold' as temperature,
        'cooling' as cause
    from settled_days
    where
        temperature = 'hot'
        and cools_on <= {{ as_of_date() }}
        and (next_on is null or cools_on < next_on)
),

previous_points as (
    select
        *,
        lag(temperature, 1, 'cold') over (
            partition by scorecard_version, body_kind, body_id order by changed_on
        ) as previous_temperature
    from points
)

select
    scorecard_version,
    body_kind,
    body_id,
    changed_on,
    temperature,
    cause
from previous_points
where temperature <> previous_temperature
