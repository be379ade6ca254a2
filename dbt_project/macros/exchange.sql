{# The join condition that finds the rate in force on a day: the latest that isn't later. #}
{% macro rate_in_force(rates, currency, day) -%}
    {{ rates }}.currency = {{ currency }}
    and {{ rates }}.rate_on <= {{ day }}
    and ({{ rates }}.superseded_on is null or {{ rates }}.superseded_on > {{ day }})
{%- endmacro %}

{# An amount in the reporting currency; null where there is no rate, never the amount itself. #}
{% macro in_reporting_currency(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as decimal(18, 4))
        else cast(round(cast({{ amount }} as decimal(24, 4)) * cast({{ rates }}.rate as decimal(14, 8)), 4) as decimal(18, 4))
    end
{%- endmacro %}
