{#
    The rate in force on each day that documents name, for each currency: the latest that isn't later. Found for days
    and not for documents, since an `asof` join sorts what it is given, with all its columns.
#}
{% macro rates_in_force(rates, documents, day) -%}
    select
        days.{{ day }} as in_force_on,
        rates.currency,
        rates.rate,
        rates.rate_on
    from (select distinct {{ day }} from {{ documents }}) as days
    cross join (select distinct currency from {{ rates }}) as currencies
    asof inner join {{ rates }} as rates
        on
            currencies.currency = rates.currency
            and days.{{ day }} >= rates.rate_on
{%- endmacro %}

{# An amount in the reporting currency; null where there is no rate, never the amount itself. #}
{% macro in_reporting_currency(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as decimal(18, 4))
        else cast(round(cast({{ amount }} as decimal(24, 4)) * cast({{ rates }}.rate as decimal(14, 8)), 4) as decimal(18, 4))
    end
{%- endmacro %}
