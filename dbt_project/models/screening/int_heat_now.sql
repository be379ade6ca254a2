with int_scorecards as (
    select scorecard_version from {{ ref('int_scorecards') }}
    where is_in_force
),

last_heat_days as (
    select int_heat_days.*
    from {{ ref('int_heat_days') }} as int_heat_days
    inner join int_scorecards on int_heat_days.scorecard_version = int_scorecards.scorecard_version
    where int_heat_days.next_on is null
)

select
    scorecard_version,
    body_kind,
    body_id,
    {%- for dimension in heat_dimensions() %}
    {{ dimension_heat(dimension, as_of_date()) }} as heat_{{ dimension }},
    {%- endfor %}
    cast({{ total_heat(as_of_date()) }} as decimal(18, 9)) as heat,
    cools_on
from last_heat_days
