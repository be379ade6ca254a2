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

{# CTEs `months` and `month_ends`: the ends of months before the as-of date, from the `month` of the one-row relation on. #}
{% macro month_ends(first_month) -%}
{{ month_spine(first_month) }},

month_ends as (
    select {{ end_of_month('month') }} as as_of_date
    from months
    where {{ end_of_month('month') }} < {{ as_of_date() }}
)
{%- endmacro %}

{# The last day of a day's month. #}
{% macro end_of_month(day) -%}
    {{ add_days(dbt.dateadd('month', 1, dbt.date_trunc('month', day)), -1) }}
{%- endmacro %}
