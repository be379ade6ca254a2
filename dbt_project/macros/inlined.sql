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

{# Of a CTE with the few rows that a run looks up in a large table, before its parenthesis: they are found once. #}
{% macro looked_up() -%}
    {{ return(adapter.dispatch('looked_up', 'thermocline')()) }}
{%- endmacro %}

{% macro default__looked_up() -%}
{%- endmacro %}

{% macro duckdb__looked_up() -%}
    {{ 'materialized' if is_incremental() else inlined() }}
{%- endmacro %}
