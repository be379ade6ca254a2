{#
    What a run rewrites. Every table of documents or events is a dbt incremental model with the strategy `rewrite`:
    the rows of what changed are deleted and made again, in one transaction, so that a build that died halfway is
    repaired by the next one. `config.run` says which layers a run rebuilds whole.
#}

{# dbt asks this of every incremental model: `--full-refresh`, or the run's own word for the model's layer. #}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set asked = flags.FULL_REFRESH -%}
    {%- endif -%}
    {%- if not asked and execute and model.resource_type == 'model' -%}
        {%- set asked = is_rebuilt(source('config', 'run'), (config.get('meta') or {}).get('rewrites')) -%}
    {%- endif -%}
    {{ return(asked) }}
{%- endmacro %}

{# Whether this run makes whole what is rewritten by such changes. #}
{% macro is_rebuilt(run, rewrites) -%}
    {%- set layers = run_query('select rebuilt from ' ~ run).columns[0].values()[0] -%}
    {{ return(layers == 'all' or layers == 'screening' and rewrites in ('events', 'accounts', 'bodies', 'sums', 'paths', 'screened')) }}
{%- endmacro %}

{#
    Of a run that adds to earlier ones: only the documents that its files carry. `placed_by` names the file or the day
    of their records, `file_id` or a date.
#}
{% macro where_delivered(feed, key, placed_by=none) -%}
    {%- set delivered = ref('int_documents_delivered') -%}
    {%- if is_incremental() -%}
    where {{ is_delivered(delivered, feed, key, placed_by) }}
    {%- endif -%}
{%- endmacro %}

{#
    Whether a row is of a delivered document. All that was ever made of its records lies in their files and on their
    days; DuckDB looks for these first, which are integers and mostly lie together, and reads few of the ids.
#}
{% macro is_delivered(delivered, feed, key, placed_by) -%}
    {{ key }} in (select document_id from {{ delivered }} where feed = '{{ feed }}')
    {%- if placed_by %}
    and {{ placed_by }} in (
        select {{ 'file_id' if placed_by.endswith('file_id') else 'recorded_on' }} from {{ delivered }}
        where feed = '{{ feed }}'
    )
    {%- endif %}
{%- endmacro %}

{# Whether a document of a feed must be made again; `dated_by` names a column with one of its days. #}
{% macro is_touched(key, feed, dated_by=none) -%}
    {%- set touched = ref('int_documents_touched') -%}
    {%- if is_incremental() -%}
    {{ is_of_touched(touched, key, feed, dated_by) }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Of rows that bear a feed themselves, none is named. #}
{% macro is_of_touched(touched, key, feed, dated_by) -%}
    {%- set of_feed = " where feed = '" ~ feed ~ "'" if feed else '' -%}
    {%- if feed -%}
    {{ key }} in (select record_id from {{ touched }}{{ of_feed }})
    {%- else -%}
    (feed, {{ key }}) in (select (feed, record_id) from {{ touched }})
    {%- endif %}
    {%- if dated_by %}
    and {{ dated_by }} in (select touched_on from {{ touched }}{{ of_feed }})
    {%- endif %}
{%- endmacro %}

{# Whether a day lies between the as-of date of the last finished build and this run's; of a model with a CTE `run`. #}
{% macro comes_into_sight(day) -%}
    {{ day }} > (select run.first_as_of_date from run)
    and {{ day }} <= (select run.last_as_of_date from run)
{%- endmacro %}

{# The rows of the accounts that changed, each from its first changed day on; of whole months where asked. #}
{% macro rows_of_changed_accounts(relation, day=none, month=false) -%}
    {#- Which accounts changed is known when their events are made. -#}
    {%- set written_with = ref('fct_account_events') -%}
    select changing.*
    from {{ relation }} as changing
    {%- if is_incremental() %}
    inner join (
        select
            account_id,
            {{ changed_from(month, 'min(changed_from)') }} as changed_from
        from {{ source('config', 'accounts_changed') }}
        group by account_id
    ) as accounts_changed
        on
            changing.account_id = accounts_changed.account_id
            {%- if day %}
            and changing.{{ day }} >= accounts_changed.changed_from
            {%- endif %}
    {%- endif %}
{%- endmacro %}

{# Whether a body's heat is another: its events, or whose they are. #}
{% macro is_changed_body(body_number) -%}
    {%- if is_incremental() -%}
    {{ body_number }} in (select bodies_changed.body_number from {{ source('config', 'bodies_changed') }} as bodies_changed)
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# The bodies whose heat is another, each with the first day on which it is. #}
{% macro bodies_changed_from() -%}
    select
        body_number,
        min(changed_from) as changed_from
    from {{ source('config', 'bodies_changed') }}
    group by body_number
{%- endmacro %}

{# Whether a body's path is another: its heat, or it cools on a day that came between this run and the last, or went. #}
{% macro is_changed_path(body_number) -%}
    {%- if is_incremental() -%}
    {{ body_number }} in (
        select bodies_changed.body_number from {{ source('config', 'bodies_changed') }} as bodies_changed
        union all
        select days.body_number
        from {{ ref('int_heat_days') }} as days
        cross join {{ source('config', 'run') }} as run
        where
            days.next_on is null
            and (
                not days.is_certain
                or (days.cools_on > run.first_as_of_date and days.cools_on <= run.last_as_of_date)
            )
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro changed_from(month, day) -%}
    {%- if month -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
    {%- else -%}
    {{ day }}
    {%- endif -%}
{%- endmacro %}

{# The first day of the month of the as-of date, this run's or, if earlier, that of the last finished one. #}
{% macro month_of_run() -%}
    (
        select cast({{ dbt.date_trunc('month', 'run.first_as_of_date') }} as date)
        from {{ source('config', 'run') }} as run
    )
{%- endmacro %}

{# Where a node or source stands, also for a test that doesn't refer to it itself but through the model that it tests. #}
{% macro standing(name) -%}
    {%- set known = graph.nodes.get('model.thermocline.' ~ name) or graph.sources['source.thermocline.config.' ~ name] -%}
    {{ return(known.relation_name) }}
{%- endmacro %}

{#
    What account_products hasn't counted yet of the invoices that it counts: those of another content, account or
    value, `change` 1 as they are now and -1 as they were. fct_invoices notes them as it is rewritten, account_products
    takes them away, each in one transaction; what changed back in between is nothing.
#}
{% macro invoices_changed() -%}
    {%- set columns = columns_of_sales() -%}
    select
        {{ columns }},
        cast(sum(change) as integer) as change
    from {{ source('config', 'invoices_changed') }}
    group by {{ columns }}
    having sum(change) <> 0
{%- endmacro %}

{% macro columns_of_sales(relation=none) -%}
    {%- for column in ['account_id', 'source', 'document_id', 'kind', 'currency', 'rate', 'issued_on', 'lines_content'] -%}
    {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The accounts of which an invoice counted that doesn't any more, or not as before. #}
{% macro accounts_undone() -%}
    select distinct account_id
    from ({{ invoices_changed() }}) as undone
    where change < 0
{%- endmacro %}

{# Which rows of the target a run deletes, and which it then writes; `meta.rewrites` of the model says by what. #}
{% macro rewritten_rows(target, meta, made=none) -%}
    {%- if meta.rewrites == 'delivered' -%}
    {{ is_delivered(standing('int_documents_delivered'), meta.feed, 'document_id', meta.placed_by) }}
    {%- elif meta.rewrites in ('touched', 'touched_events') -%}
    {{ is_of_touched(standing('int_documents_touched'), meta.key, meta.feed, meta.placed_by) }}
    {%- elif meta.rewrites == 'sold' -%}
    rowid in (
        select rewritten.rowid
        from {{ target }} as rewritten
        inner join {{ made }} as sold
            on rewritten.account_id = sold.account_id and rewritten.product_code = sold.product_code
        union
        select rewritten.rowid
        from {{ target }} as rewritten
        where rewritten.account_id in ({{ accounts_undone() }})
    )
    {%- elif meta.rewrites == 'builds' -%}
    since_build <> (select since_build from {{ standing('run') }})
    {%- elif meta.rewrites in ('numbered', 'all', 'screened') -%}
    true
    {%- elif meta.rewrites == 'bodies' -%}
    body_number in (select bodies_changed.body_number from {{ standing('bodies_changed') }} as bodies_changed)
    {%- elif meta.rewrites == 'sums' -%}
    rowid in (
        select rewritten.rowid
        from {{ target }} as rewritten
        inner join ({{ bodies_changed_from() }}) as bodies_changed
            on rewritten.body_number = bodies_changed.body_number
        where coalesce(rewritten.next_on >= bodies_changed.changed_from, true)
    )
    {%- elif meta.rewrites == 'paths' -%}
    {{ is_changed_path('body_number') }}
    {%- elif meta.rewrites == 'events' -%}
    rowid in (
        select rewritten.rowid from {{ target }} as rewritten where {{ is_changed_event(target, standing('events_changed')) }}
        union all
        select rewritten.rowid from {{ target }} as rewritten where {{ meta.always }}
    )
    {%- elif meta.rewrites == 'accounts' -%}
    rowid in (
        select rewritten.rowid
        from {{ target }} as rewritten
        inner join {{ standing('accounts_changed') }} as accounts_changed
            on
                rewritten.account_id = accounts_changed.account_id
                {%- if meta.day %}
                and rewritten.{{ meta.day }} >= {{ changed_from(meta.month, 'accounts_changed.changed_from') }}
                {%- endif %}
        {#- Each looked for by itself: with `or` beside it, no row would be left out while the accounts are read. #}
        {%- if meta.since_month_of_run %}
        union all
        select rewritten.rowid from {{ target }} as rewritten where {{ meta.day }} >= {{ month_of_run() }}
        {%- endif %}
    )
    {%- else -%}
    {{ exceptions.raise_compiler_error(target ~ ' does not say what it rewrites') }}
    {%- endif -%}
{%- endmacro %}

{# The model that a relation is of, in a list: empty where it is none's. #}
{% macro models_of(relation) -%}
    {%- set named = graph.nodes.get('model.thermocline.' ~ relation.identifier) -%}
    {%- if named and named.relation_name == relation | string -%}
        {{ return([named]) }}
    {%- endif -%}
    {{ return(graph.nodes.values() | selectattr('relation_name', 'equalto', relation | string) | list) }}
{%- endmacro %}

{# dbt compares the columns of what is added to a table one by one, though nearly always they are the same. #}
{% macro check_for_schema_changes(source_relation, target_relation) -%}
    {%- set columns = adapter.get_columns_in_relation(target_relation) -%}
    {%- if adapter.get_columns_in_relation(source_relation) == columns -%}
        {{ return({'schema_changed': false, 'source_columns': columns, 'target_columns': columns}) }}
    {%- endif -%}
    {{ return(dbt.default__check_for_schema_changes(source_relation, target_relation)) }}
{%- endmacro %}

{#
    Of a table that a test reads, which rows this run wrote: a row that is double and wasn't before is one of them, or
    is like one of them. None where all are to be looked at. What a run without a good end wrote stays among them, since
    what told it to (`config.events_changed`, `config.accounts_changed`, `int_documents_touched`) stands until one has ended well.
#}
{% macro written_rows(relation) -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set tested = models_of(relation) -%}
        {%- set meta = (tested[0].config.meta or {}) if tested else {} -%}
        {%- if meta.rewrites in ('touched', 'touched_events', 'events', 'accounts', 'bodies', 'sums') -%}
            {%- if not is_rebuilt(standing('run'), meta.rewrites) -%}
                {{ return(rewritten_rows(relation, meta)) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
