{# How a run finds the few rows of a large table that it makes again. #}

{#
    Where a table's events are others than at the last finished build: as they were, and as they are. By their days and
    rows first, which are integers and found together; few events are left whose ids must be read.
#}
{% macro is_changed_event(relation, events_changed) -%}
    rowid in (
        select found.rowid
        from {{ relation }} as found
        semi join {{ events_changed }} as noted
            on found.occurred_on = noted.occurred_on and found.source_row = noted.source_row
        where
            found.occurred_on in (select occurred_on from {{ events_changed }})
            and found.source_row in (select source_row from {{ events_changed }})
    )
    and event_id in (select event_id from {{ events_changed }})
{%- endmacro %}

{#
    The rows of a table where a condition holds, which needs few of its columns: found by these alone, before any other
    is read.
#}
{% macro rows_found_first(relation, condition) -%}
    select * from {{ relation }}
    where rowid in (select rowid from {{ relation }} where {{ condition }})
{%- endmacro %}

{# The events that changed, as they are. #}
{% macro changed_events() -%}
    {%- set events = ref('fct_account_events') -%}
    {%- if is_incremental() -%}
    {{ rows_found_first(events, is_changed_event(events, source('config', 'events_changed'))) }}
    {%- else -%}
    select * from {{ events }}
    {%- endif -%}
{%- endmacro %}

{#
    The rows of a table whose document must be made again, or all, and of these `only` some: a filter outside would let
    DuckDB, which expects a fifth of all rows, read all columns to look for the few.
#}
{% macro touched_rows(relation, key, feed, dated_by, only='true') -%}
    {%- set touched = ref('int_documents_touched') -%}
    {%- if is_incremental() -%}
    {{ rows_found_first(relation, only ~ ' and ' ~ is_of_touched(touched, key, feed, dated_by)) }}
    {%- else -%}
    select * from {{ relation }}
    where {{ only }}
    {%- endif -%}
{%- endmacro %}
