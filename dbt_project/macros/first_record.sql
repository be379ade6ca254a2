{# The first of a group's records, as a struct of (source_file, source_row): one record's lineage, whatever the order of rows. #}
{% macro first_record() -%}
    {{ return(adapter.dispatch('first_record', 'thermocline')()) }}
{%- endmacro %}

{% macro default__first_record() -%}
    min(named_struct('source_file', source_file, 'source_row', source_row))
{%- endmacro %}

{% macro duckdb__first_record() -%}
    min(struct_pack(source_file := source_file, source_row := source_row))
{%- endmacro %}
