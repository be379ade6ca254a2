{#
    The grain of a table: no two rows share these columns. Of what this run wrote, where it wrote a part of the table and
    says which; else only rows that share a hash are compared.
#}
{% test unique_combination(model, columns) %}
    {%- set written = written_rows(model) %}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        count(*) as rows_found
    from {{ model }}
    {%- if written is not none %}
    where {{ columns[0] }} in (select {{ columns[0] }} from {{ model }} where {{ written }})
    {%- else %}
    where hash({{ columns | join(', ') }}) in (
        select hash({{ columns | join(', ') }})
        from {{ model }}
        group by hash({{ columns | join(', ') }})
        having count(*) > 1
    )
    {%- endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
