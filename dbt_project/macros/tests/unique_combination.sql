{# The grain of a table: no two rows share these columns. Of what this run wrote, where it wrote a part of the table. #}
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
    {%- endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
