{# "78%": a part of a whole, in whole percent, at most 100. #}
{% macro spoken_share(part, whole) -%}
    cast(cast(round(least(100, 100 * cast({{ part }} as double) / nullif({{ whole }}, 0))) as integer) as varchar) || '%'
{%- endmacro %}
