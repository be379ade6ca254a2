-- Beyond a million degrees the last bits of a double outgrow the margin within which int_heat_days is certain, and a
-- temperature could be off by a day: look for amounts in a wrong unit, or for one account that stands for many.
select
    int_bodies.body_kind,
    int_bodies.body_id,
    int_heat_sums.scorecard_version,
    int_heat_sums.occurred_on
from {{ ref('int_heat_sums') }} as int_heat_sums
inner join {{ ref('int_bodies') }} as int_bodies on int_heat_sums.body_number = int_bodies.body_number
where
    greatest(
        {%- for dimension in heat_dimensions() %}
        abs(int_heat_sums.sum_{{ dimension }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) > 1000000 * {{ heat_weight('int_heat_sums.occurred_on') }}
