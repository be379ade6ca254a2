with int_heat_days as (
    select * from {{ ref('int_heat_days') }}
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

-- What the body is after each day, until the next one with events; a day between the thresholds leaves it as it was.
-- On a day with events these decide, but it would have cooled.
days as (
    select
        scorecard_version,
        body_number,
        occurred_on,
        is_hot,
        case
            when cools_on <= {{ as_of_date() }} and (next_on is null or cools_on <= next_on) then cools_on
        end as cools_on,
        coalesce(cools_on <= {{ as_of_date() }} and (next_on is null or cools_on < next_on), false) as is_cooled
    from heat_days
),

previous_days as (
    select
        scorecard_version,
        body_number,
        occurred_on,
        is_hot,
        cools_on,
        is_cooled,
        coalesce(
            last_value(case when is_cooled then false else is_hot end ignore nulls) over (
                body_days rows between unbounded preceding and 1 preceding
            ),
            false
        ) as was_hot,
        lag(cools_on) over (body_days) as previous_cools_on
    from days
    window body_days as (partition by scorecard_version, body_number order by occurred_on)
)

select
    scorecard_version,
    body_number,
    occurred_on as changed_on,
    case when is_hot then 'hot' else 'cold' end as temperature,
    case when not is_hot and previous_cools_on = occurred_on then 'cooling' else 'activity' end as cause
from previous_days
where is_hot <> was_hot
union all
select
    scorecard_version,
    body_number,
    cools_on as changed_on,
    'cold' as temperature,
    'cooling' as cause
from previous_days
where
    is_cooled
    and coalesce(is_hot, was_hot)
