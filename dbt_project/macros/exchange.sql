{# Of an `asof left join` to rates, the condition that finds the one in force on a day: the latest that isn't later. #}
{% macro rate_in_force(rates, currency, day) -%}
    {{ currency }} = {{ rates }}.currency
    and {{ day }} >= {{ rates }}.rate_on
{%- endmacro %}

{# An amount in the reporting currency; null where there is no rate, never the amount itself. #}
{% macro in_reporting_currency(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as decimal(18, 4))
        else cast(round(cast({{ amount }} as decimal(24, 4)) * cast({{ rates }}.rate as decimal(14, 8)), 4) as decimal(18, 4))
    end
{%- endmacro %}
