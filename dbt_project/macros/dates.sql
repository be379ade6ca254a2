{# The day that this run screens. Every run writes it down; nothing reads a clock. #}
{% macro as_of_date() -%}
    (select run.as_of_date from {{ source('config', 'run') }} as run)
{%- endmacro %}

{# The date, in the reporting time zone, of a UTC timestamp. #}
{% macro reporting_date(utc_timestamp) -%}
    {{ return(adapter.dispatch('reporting_date', 'thermocline')(utc_timestamp)) }}
{%- endmacro %}

{% macro default__reporting_date(utc_timestamp) -%}
    cast(from_utc_timestamp({{ utc_timestamp }}, '{{ var("time_zone") }}') as date)
{%- endmacro %}

{% macro duckdb__reporting_date(utc_timestamp) -%}
    {%- if var("time_zone") == "UTC" -%}
    cast({{ utc_timestamp }} as date)
    {%- else -%}
    cast(({{ utc_timestamp }} at time zone 'UTC') at time zone '{{ var("time_zone") }}' as date)
    {%- endif -%}
{%- endmacro %}

{# The UTC timestamp at which a date of the reporting time zone begins. #}
{% macro day_start_utc(day) -%}
    {{ return(adapter.dispatch('day_start_utc', 'thermocline')(day)) }}
{%- endmacro %}

{% macro default__day_start_utc(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("time_zone") }}')
{%- endmacro %}

{% macro duckdb__day_start_utc(day) -%}
    {%- if var("time_zone") == "UTC" -%}
    cast({{ day }} as timestamp)
    {%- else -%}
    (cast({{ day }} as timestamp) at time zone '{{ var("time_zone") }}') at time zone 'UTC'
    {%- endif -%}
{%- endmacro %}

{# Whole days from one date to another. #}
{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between', 'thermocline')(earlier, later)) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
    ({{ later }} - {{ earlier }})
{%- endmacro %}

{# A date some whole days later (earlier, if negative). #}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'thermocline')(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    (cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{# "12 Mar", with the year where it isn't the as-of date's. #}
{% macro spoken_date(day) -%}
    {{ return(adapter.dispatch('spoken_date', 'thermocline')(day)) }}
{%- endmacro %}

{% macro default__spoken_date(day) -%}
    case
        when year({{ day }}) = year({{ as_of_date() }}) then date_format({{ day }}, 'd MMM')
        else date_format({{ day }}, 'd MMM yyyy')
    end
{%- endmacro %}

{% macro duckdb__spoken_date(day) -%}
    case
        when year({{ day }}) = year({{ as_of_date() }}) then strftime({{ day }}, '%-d %b')
        else strftime({{ day }}, '%-d %b %Y')
    end
{%- endmacro %}
