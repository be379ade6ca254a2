{#
    dbt's own test that what a column names exists, for millions of rows: of a table that is rewritten in parts, what
    this run wrote is looked at, and all that names an account which there was at the last finished build and now isn't.
#}
{% macro duckdb__test_relationships(model, column_name, to, field) %}
    {%- set written = written_rows(model) if field == 'account_id' else none -%}
    {%- if written is none %}
    {{ return(default__test_relationships(model, column_name, to, field)) }}
    {%- endif %}
    with accounts_gone as (
        select account_id from {{ standing('built_customers_linked') }}
        union
        select account_id from {{ standing('built_accounts_merged') }}
        except
        select {{ field }} from {{ to }}
    ),

    named as (
        select {{ column_name }} from {{ model }}
        where {{ written }}
        union all
        select {{ column_name }} from {{ model }}
        where {{ column_name }} in (select account_id from accounts_gone)
    )

    select named.{{ column_name }} as from_field
    from named
    left join {{ to }} as parents on named.{{ column_name }} = parents.{{ field }}
    where
        named.{{ column_name }} is not null
        and parents.{{ field }} is null
{% endmacro %}
