{#
    How many different days of the `within` days until today have a row: `age` is their number before today, null where
    a row doesn't count. One bit for each day; a set of days for each group would take twice as long.
#}
{% macro days_counted(age, within) -%}
    {{ return(adapter.dispatch('days_counted', 'thermocline')(age, within)) }}
{%- endmacro %}

{% macro default__days_counted(age, within) -%}
    count(distinct case when {{ age }} between 0 and {{ within - 1 }} then {{ age }} end)
{%- endmacro %}

{% macro duckdb__days_counted(age, within) -%}
    coalesce(bit_count(bitstring_agg(
        case when {{ age }} between 0 and {{ within - 1 }} then {{ age }} end, 0, {{ within - 1 }}
    )), 0)
{%- endmacro %}
