{#
    The first of a group's records that meet a condition, as a struct of (source_file, source_row): one record's
    lineage, whatever the order of rows.
#}
{% macro first_record(condition) -%}
    {{ return(adapter.dispatch('first_record', 'thermocline')(condition)) }}
{%- endmacro %}

{% macro default__first_record(condition) -%}
    min(case when {{ condition }} then named_struct('source_file', source_file, 'source_row', source_row) end)
{%- endmacro %}

{% macro duckdb__first_record(condition) -%}
    min(case when {{ condition }} then struct_pack(source_file := source_file, source_row := source_row) end)
{%- endmacro %}
