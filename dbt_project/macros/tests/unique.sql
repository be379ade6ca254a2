{# dbt's own test of a unique column, for millions of texts: only those that share a hash are compared. #}
{% macro duckdb__test_unique(model, column_name) %}
    select
        {{ column_name }} as unique_field,
        count(*) as n_records
    from {{ model }}
    where
        {{ column_name }} is not null
        and hash({{ column_name }}) in (
            select hash({{ column_name }})
            from {{ model }}
            where {{ column_name }} is not null
            group by hash({{ column_name }})
            having count(*) > 1
        )
    group by {{ column_name }}
    having count(*) > 1
{% endmacro %}
