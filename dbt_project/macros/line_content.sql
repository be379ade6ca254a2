{# A number that is another, almost surely, where what an account's products show of an invoice line is. #}
{% macro line_content() -%}
    {{ return(adapter.dispatch('line_content', 'thermocline')()) }}
{%- endmacro %}

{% macro default__line_content() -%}
    cast(xxhash64(product_code, description, quantity, amount) as decimal(38, 0))
{%- endmacro %}

{% macro duckdb__line_content() -%}
    hash(product_code, description, quantity, amount)
{%- endmacro %}
