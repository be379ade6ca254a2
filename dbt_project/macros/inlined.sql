{#
    Of a CTE with several readers, before its parenthesis: each reads for itself, with its own filters. Else DuckDB
    makes one copy of all rows for all of them.
#}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'thermocline')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}
