{# A whole number that no other row of the query has; which one, nothing may hang on. #}
{% macro any_number() -%}
    {{ return(adapter.dispatch('any_number', 'thermocline')()) }}
{%- endmacro %}

{% macro default__any_number() -%}
    monotonically_increasing_id()
{%- endmacro %}

{% macro duckdb__any_number() -%}
    cast(row_number() over () as integer)
{%- endmacro %}
