{#
    Tables and views, replaced where they stand: DuckDB drops and makes them in one transaction. dbt-duckdb's own way
    makes them beside the old ones and renames both, in up to six statements a model, each with a macro and a commit of
    its own. Hooks, grants and indexes aren't served: no model has them.
#}
{% materialization table, adapter='duckdb' -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- call statement('main') -%}
        {{ drop_replaced(load_cached_relation(this)) }}
        {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- call statement('main') -%}
        {{ drop_replaced(load_cached_relation(this)) }}
        {{ create_view_as(target_relation, compiled_code) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{% macro drop_replaced(relation) -%}
    {%- if relation is not none -%}
    drop {{ relation.type }} if exists {{ relation }};
    {%- endif -%}
{%- endmacro %}
