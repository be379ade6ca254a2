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

{#
    How one unit of a document's currency counts in the reporting one. Its own rate comes before the dated table's; one
    in another base goes by that base's dated rate. A rate that isn't above zero is none.
    document: a relation with currency, rate_to_base, rate_from_base and rate_base; rates, base_rates: those in force for
    its currency and for its base.
#}
{% macro rate_of_document(document, rates, base_rates) -%}
    case
        when {{ document }}.currency = '{{ var("reporting_currency") }}' then cast(1 as decimal(18, 8))
        when {{ document }}.currency is null then cast(null as decimal(18, 8))
        when {{ is_in_reporting_base(document) }} and {{ document }}.rate_to_base > 0 then {{ document }}.rate_to_base
        when {{ is_in_reporting_base(document) }} and {{ document }}.rate_from_base > 0
            then cast(round(1 / cast({{ document }}.rate_from_base as double), 8) as decimal(18, 8))
        when {{ document }}.rate_base <> {{ document }}.currency and {{ base_rates }}.rate > 0 and {{ document }}.rate_to_base > 0
            then cast(round(cast({{ document }}.rate_to_base as double) * cast({{ base_rates }}.rate as double), 8) as decimal(18, 8))
        when {{ document }}.rate_base <> {{ document }}.currency and {{ base_rates }}.rate > 0 and {{ document }}.rate_from_base > 0
            then cast(round(cast({{ base_rates }}.rate as double) / cast({{ document }}.rate_from_base as double), 8) as decimal(18, 8))
        else cast({{ rates }}.rate as decimal(18, 8))
    end
{%- endmacro %}

{# What amounts are divided by instead, since the inverse of a rate has no end; null where they are multiplied. #}
{% macro divisor_of_document(document) -%}
    case
        when
            {{ document }}.currency <> '{{ var("reporting_currency") }}'
            and {{ is_in_reporting_base(document) }}
            and coalesce({{ document }}.rate_to_base, 0) <= 0
            and {{ document }}.rate_from_base > 0
            then {{ document }}.rate_from_base
    end
{%- endmacro %}

{% macro is_in_reporting_base(document) -%}
    coalesce({{ document }}.rate_base, '{{ var("reporting_currency") }}') = '{{ var("reporting_currency") }}'
{%- endmacro %}

{# A document's amount in the reporting currency, by its `rate` or `divisor`; null where it has neither. #}
{% macro valued(amount, document) -%}
    case
        when {{ document }}.divisor > 0
            then cast(round(cast({{ amount }} as double) / cast({{ document }}.divisor as double), 4) as decimal(18, 4))
        else {{ in_reporting_currency(amount, document ~ '.currency', document) }}
    end
{%- endmacro %}

{# An amount in the reporting currency; null where there is no rate, never the amount itself. #}
{% macro in_reporting_currency(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as decimal(18, 4))
        else cast(round(cast({{ amount }} as decimal(24, 4)) * cast({{ rates }}.rate as decimal(14, 8)), 4) as decimal(18, 4))
    end
{%- endmacro %}
