{# What all rows of a group say that say anything; null where they differ. #}
{% macro where_agreed(column) -%}
    case when min({{ column }}) = max({{ column }}) then max({{ column }}) end
{%- endmacro %}
