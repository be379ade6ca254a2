{#
    The strategy `rewrite`: how a run takes away the rows that `rewritten_rows` names and adds those that it made, and what it
    notes of both.
#}

{#
    Of a model with `meta.frozen`, where the rows are noted that a run took away (`change` -1) and added (1): what is
    frozen next is what was frozen last and these. Notes stand until a freezing has used them (`frozen_notes.py`).
#}
{% macro rows_changed(target) -%}
    {{ return(api.Relation.create(
        database=target.database, schema='config', identifier=target.identifier ~ '_changed'
    )) }}
{%- endmacro %}

{# Two hashes of a row's cells, in either order of the columns: rows that agree in both are the same. #}
{% macro cells_of(columns) -%}
    hash({{ columns | join(', ') }}) as cells,
    hash({{ columns | reverse | join(', ') }}) as cells_reversed
{%- endmacro %}

{#
    The same table as if all rows that go went and all that are made came, but only those that differ are written, and
    noted in the same transaction.
#}
{% macro rewrite_what_differs(target, made, names, going) -%}
    {%- set columns = names | join(', ') -%}
    {%- set replaced = target.identifier ~ '__replaced' -%}
    {%- set differing = target.identifier ~ '__differing' -%}
    create table if not exists {{ rows_changed(target) }} as
    select
        {{ columns }},
        0 as change
    from {{ target }}
    limit 0;
    create or replace temp table {{ replaced }} as
    select
        rowid as place,
        {{ cells_of(names) }}
    from {{ target }}
    where {{ going }};
    create or replace temp table {{ target.identifier }}__made as
    select
        rowid as place,
        {{ cells_of(names) }}
    from {{ made }};
    create or replace temp table {{ differing }} as
    select
        cells,
        cells_reversed
    from (
        select cells, cells_reversed, -1 as change from {{ replaced }}
        union all
        select cells, cells_reversed, 1 as change from {{ target.identifier }}__made
    ) as both_sides
    group by cells, cells_reversed
    having sum(change) <> 0;
    insert into {{ rows_changed(target) }} ({{ columns }}, change)
    select
        {{ columns }},
        -1
    from {{ target }}
    where rowid in (select place from {{ replaced }} semi join {{ differing }} using (cells, cells_reversed))
    union all
    select
        {{ columns }},
        1
    from {{ made }}
    where rowid in (select place from {{ target.identifier }}__made semi join {{ differing }} using (cells, cells_reversed));
    delete from {{ target }}
    where rowid in (select place from {{ replaced }} semi join {{ differing }} using (cells, cells_reversed));
    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ made }}
    where rowid in (select place from {{ target.identifier }}__made semi join {{ differing }} using (cells, cells_reversed));
    drop table {{ replaced }};
    drop table {{ target.identifier }}__made;
    drop table {{ differing }};
{%- endmacro %}

{% macro get_incremental_rewrite_sql(arguments) -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set made = arguments['temp_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    {%- set meta = config.get('meta') -%}
    {%- set going = rewritten_rows(target, meta, made) -%}
    {%- set replaced = target.identifier ~ '__replaced' -%}
    {%- if meta.rewrites == 'touched_events' or meta.notes %}
    {#- Looked for once: what differs is noted before it goes. #}
    create or replace temp table {{ replaced }} as
    select
        {{ columns if meta.rewrites == 'touched_events' else 'money_state, ' ~ columns_of_sales() }},
        rowid as place
    from {{ target }}
    where rowid in (select rowid from {{ target }} where {{ going }});
    {%- set going = 'rowid in (select place from ' ~ replaced ~ ')' -%}
    {%- endif %}
    {%- if meta.rewrites == 'touched_events' %}
    {%- set differing = target.identifier ~ '__differing' %}
    create or replace temp table {{ differing }} as
    select
        event_id,
        account_id,
        occurred_on,
        source_row
    from (
        (select {{ columns }} from {{ replaced }} except all select {{ columns }} from {{ made }})
        union all
        (select {{ columns }} from {{ made }} except all select {{ columns }} from {{ replaced }})
    ) as differences;
    insert into {{ source('config', 'accounts_changed') }}
    select
        account_id,
        min(occurred_on)
    from {{ differing }}
    group by account_id;
    insert into {{ source('config', 'events_changed') }}
    select distinct
        event_id,
        occurred_on,
        source_row
    from {{ differing }};
    drop table {{ differing }};
    {%- endif %}
    {%- if meta.rewrites == 'numbered' %}
    insert into {{ source('config', 'bodies_changed') }}
    select
        differences.body_number,
        cast('0001-01-01' as date)
    from (
        (select {{ columns }} from {{ target }} except all select {{ columns }} from {{ made }})
        union all
        (select {{ columns }} from {{ made }} except all select {{ columns }} from {{ target }})
    ) as differences
    union
    select
        bodies.body_number,
        accounts_changed.changed_from
    from {{ made }} as bodies
    inner join {{ source('config', 'accounts_changed') }} as accounts_changed
        on bodies.account_id = accounts_changed.account_id;
    {%- endif %}
    {%- if meta.notes %}
    insert into {{ standing(meta.notes) }}
    with as_it_was as (
        select {{ columns_of_sales() }} from {{ replaced }} where money_state = 'attributed'
    ),
    as_it_is as (
        select {{ columns_of_sales() }} from {{ made }} where money_state = 'attributed'
    )
    select *, 1 from (select * from as_it_is except all select * from as_it_was) as added
    union all
    select *, -1 from (select * from as_it_was except all select * from as_it_is) as undone;
    {%- endif %}
    {%- if meta.frozen %}
    {{ rewrite_what_differs(target, made, arguments['dest_columns'] | map(attribute='quoted') | list, going) }}
    {%- else %}
    delete from {{ target }} where {{ going }};
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ made }};
    {%- endif %}
    {%- if meta.rewrites == 'touched_events' or meta.notes %}
    drop table {{ replaced }};
    {%- endif %}
    {%- if meta.rewrites == 'sold' %}
    delete from {{ standing('invoices_changed') }};
    {%- endif %}
{%- endmacro %}
