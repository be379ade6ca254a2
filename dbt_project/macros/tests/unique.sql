{#
    dbt's own test of a unique column, for millions of texts: of a table that is rewritten in parts, what this run wrote
    is compared with all, or with itself where a double is of the same record; else only texts that share a hash are.
    Of one that holds each row of other tables once (`meta.rows_of`), which are tested themselves, what it wrote is
    compared with itself and all are counted: a row that a run forgot to delete is one too many.
#}
{% macro duckdb__test_unique(model, column_name) %}
    {%- set written = written_rows(model) -%}
    {%- set meta = models_of(model)[0].config.meta if written is not none else {} -%}
    select
        {{ column_name }} as unique_field,
        count(*) as n_records
    from {{ model }}
    where
        {{ column_name }} is not null
        {%- if written is not none and column_name in meta.get('named_by_record', []) %}
        {#- On whatever days: one that a run forgot to delete would stand on another than those that it knew. #}
        and {{ meta.key }} in (select record_id from {{ standing('int_documents_touched') }})
        {%- elif written is not none and meta.rows_of %}
        and {{ written }}
        {%- elif written is not none %}
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
    {%- if written is not none and meta.rows_of %}
    union all
    select
        'rows that stand where they did not come from' as unique_field,
        found.rows_found - made.rows_made as n_records
    from (select count(*) as rows_found from {{ model }}) as found
    cross join (
        select
            {%- for name in meta.rows_of %}
            (select count(*) from {{ standing(name) }}){{ ' +' if not loop.last }}
            {%- endfor %} as rows_made
    ) as made
    where found.rows_found <> made.rows_made
    {%- endif %}
{% endmacro %}
