with int_scorecards as (
    select scorecard_version from {{ ref('int_scorecards') }}
    where is_in_force
),

int_bodies as (
    select distinct
        body_number,
        body_kind,
        body_id
    from {{ ref('int_bodies') }}
),

int_heat_days as (
    select * from {{ ref('int_heat_days') }}
    where next_on is null
),

int_heat_doubts as (
    select * from {{ ref('int_heat_doubts') }}
),

last_sums as (
    select int_heat_sums.*
    from {{ ref('int_heat_sums') }} as int_heat_sums
    inner join int_scorecards on int_heat_sums.scorecard_version = int_scorecards.scorecard_version
    where int_heat_sums.next_on is null
)

select
    last_sums.scorecard_version,
    int_bodies.body_kind,
    int_bodies.body_id,
    {%- for dimension in heat_dimensions() %}
    {{ dimension_heat(dimension, as_of_date(), 'last_sums.sum_') }} as heat_{{ dimension }},
    {%- endfor %}
    cast({{ total_heat(as_of_date(), 'last_sums.sum_') }} as decimal(18, 9)) as heat,
    case when int_heat_days.is_certain then int_heat_days.cools_on else int_heat_doubts.cools_on end as cools_on
from last_sums
inner join int_bodies on last_sums.body_number = int_bodies.body_number
inner join int_heat_days
    on
        last_sums.scorecard_version = int_heat_days.scorecard_version
        and last_sums.body_number = int_heat_days.body_number
left join int_heat_doubts
    on
        int_heat_days.scorecard_version = int_heat_doubts.scorecard_version
        and int_heat_days.body_number = int_heat_doubts.body_number
        and int_heat_days.occurred_on = int_heat_doubts.occurred_on
