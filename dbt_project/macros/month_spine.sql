{# A CTE `months`: one row per calendar month, from the `month` of the one-row relation to the as-of date's. #}
{% macro month_spine(first_month) -%}
    {{ return(adapter.dispatch('month_spine', 'thermocline')(first_month)) }}
{%- endmacro %}

{% macro default__month_spine(first_month) -%}
    months as (
        select explode(sequence(month, {{ as_of_date() }}, interval 1 month)) as month
        from {{ first_month }}
    )
{%- endmacro %}

{% macro duckdb__month_spine(first_month) -%}
    months as (
        select cast(unnest(generate_series(month, {{ as_of_date() }}, interval 1 month)) as date) as month
        from {{ first_month }}
    )
{%- endmacro %}
