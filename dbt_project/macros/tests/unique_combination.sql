{# The grain of a table: no two rows share these columns. #}
{% test unique_combination(model, columns) %}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        count(*) as rows_found
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
