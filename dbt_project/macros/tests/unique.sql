{#
    dbt's own test of a unique column, for millions of texts: of a table that is rewritten in parts, what this run wrote
    is compared with all; else only texts that share a hash are.
#}
{% macro duckdb__test_unique(model, column_name) %}
    {%- set written = written_rows(model) -%}
    select
        {{ column_name }} as unique_field,
        count(*) as n_records
    from {{ model }}
    where
        {{ column_name }} is not null
        {%- if written is not none %}
        and {{ column_name }} in (select {{ column_name }} from {{ model }} where {{ written }})
        {%- else %}
        and hash({{ column_name }}) in (
            select hash({{ column_name }})
            from {{ model }}
            where {{ column_name }} is not null
            group by hash({{ column_name }})
            having count(*) > 1
        )
        {%- endif %}
    group by {{ column_name }}
    having count(*) > 1
{% endmacro %}
