{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'paths'}
) }}

with int_heat_days as (
    select * from {{ ref('int_heat_days') }}
    where {{ is_changed_path('body_number') }}
),

int_heat_doubts as (
    select * from {{ ref('int_heat_doubts') }}
),

-- Where the plain sum can't tell, the law's own roundings do.
heat_days as (
    select
        int_heat_days.scorecard_version,
        int_heat_days.body_number,
        int_heat_days.occurred_on,
        int_heat_days.next_on,
        case when int_heat_days.is_certain then int_heat_days.is_hot else int_heat_doubts.is_hot end as is_hot,
        case when int_heat_days.is_certain then int_heat_days.cools_on else int_heat_doubts.cools_on end as cools_on
    from int_heat_days
    left join int_heat_doubts
        on
            int_heat_days.scorecard_version = int_heat_doubts.scorecard_version
            and int_heat_days.body_number = int_heat_doubts.body_number
            and int_heat_days.occurred_on = int_heat_doubts.occurred_on
),

-- What a day with events says by itself; between the thresholds it says nothing.
event_points as (
    select
        scorecard_version,
        body_number,
        occurred_on as changed_on,
        is_hot,
        true as has_events
    from heat_days
    where is_hot is not null
),

-- The day on which it has cooled, if no event came before. On a day with events these decide, but it would have cooled.
cooling_points as (
    select
        scorecard_version,
        body_number,
        cools_on as changed_on,
        case when next_on is null or cools_on < next_on then false end as is_hot,
        false as has_events
    from heat_days
    where
        cools_on <= {{ as_of_date() }}
        and (next_on is null or cools_on <= next_on)
),

points as (
    select * from event_points
    union all
    select * from cooling_points
),

previous_points as (
    select
        *,
        coalesce(
            last_value(is_hot ignore nulls) over (
                body_points rows between unbounded preceding and 1 preceding
            ),
            false
        ) as was_hot,
        lag(changed_on) over (body_points) as previous_on
    from points
    window body_points as (partition by scorecard_version, body_number order by changed_on, has_events)
)

select
    scorecard_version,
    body_number,
    changed_on,
    case when is_hot then 'hot' else 'cold' end as temperature,
    case
        when not is_hot and (not has_events or coalesce(previous_on = changed_on, false)) then 'cooling'
        else 'activity'
    end as cause
from previous_points
where is_hot <> was_hot
