with int_heat_days as (
    select * from {{ ref('int_heat_days') }}
),

-- What a day with events says by itself; between the thresholds it says nothing.
event_points as (
    select
        scorecard_version,
        body_kind,
        body_id,
        occurred_on as changed_on,
        heat >= hot_at as is_hot,
        true as has_events
    from int_heat_days
    where
        heat >= hot_at
        or heat < cold_at
),

-- The day on which it has cooled, if no event came before. On a day with events these decide, but it would have cooled.
cooling_points as (
    select
        scorecard_version,
        body_kind,
        body_id,
        cools_on as changed_on,
        case when next_on is null or cools_on < next_on then false end as is_hot,
        false as has_events
    from int_heat_days
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
    window body_points as (partition by scorecard_version, body_kind, body_id order by changed_on, has_events)
)

select
    scorecard_version,
    body_kind,
    body_id,
    changed_on,
    case when is_hot then 'hot' else 'cold' end as temperature,
    case
        when not is_hot and (not has_events or coalesce(previous_on = changed_on, false)) then 'cooling'
        else 'activity'
    end as cause
from previous_points
where is_hot <> was_hot
