{# What an account is to us on a day, by its first invoice and the days of the last 365 that have one. #}
{% macro relationship(first_invoice_on, invoice_days_365d, day) -%}
    case
        when {{ first_invoice_on }} is null or {{ first_invoice_on }} > {{ day }} then 'potential'
        when {{ days_between(first_invoice_on, day) }} <= 90 then 'new'
        when {{ invoice_days_365d }} >= 3 then 'regular'
        else 'rare'
    end
{%- endmacro %}
