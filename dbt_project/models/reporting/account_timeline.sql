{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'accounts', 'day': 'occurred_on', 'always': "kind = 'temperature'"}
) }}

with fct_account_events as (
    {{ rows_of_changed_accounts(ref('fct_account_events'), 'occurred_on') }}
),

int_scorecards as (
    select scorecard_version from {{ ref('int_scorecards') }}
    where is_in_force
),

int_event_degrees as (
    select
        int_event_degrees.event_id,
        {%- for dimension in heat_dimensions() %}
        int_event_degrees.{{ dimension }}{{ ' +' if not loop.last }}
        {%- endfor %} as degrees
    from {{ ref('int_event_degrees') }} as int_event_degrees
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

int_temperature_flips as (
    select * from {{ ref('int_temperature_flips') }}
),

events as (
    select
        fct_account_events.event_id,
        fct_account_events.account_id,
        fct_account_events.occurred_at,
        fct_account_events.occurred_on,
        fct_account_events.kind,
        fct_account_events.direction,
        fct_account_events.outcome,
        fct_account_events.document_id,
        fct_account_events.summary,
        fct_account_events.amount,
        int_event_degrees.degrees,
        fct_account_events.source,
        fct_account_events.source_file,
        fct_account_events.source_row
    from fct_account_events
    left join int_event_degrees on fct_account_events.event_id = int_event_degrees.event_id
    union all
    select
        'temperature:' || account_id || ':' || cast(changed_on as varchar) as event_id,
        account_id,
        {{ day_start_utc('changed_on') }} as occurred_at,
        changed_on as occurred_on,
        'temperature' as kind,
        cast(null as varchar) as direction,
        to_temperature as outcome,
        cast(null as varchar) as document_id,
        case to_temperature when 'hot' then 'Turned hot' else 'Turned cold' end as summary,
        cast(null as decimal(18, 4)) as amount,
        cast(null as decimal(18, 9)) as degrees,
        cast(null as varchar) as source,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from int_temperature_flips
)

select
    event_id,
    account_id,
    occurred_at,
    occurred_on,
    kind,
    direction,
    outcome,
    document_id,
    summary,
    cast(amount as decimal(18, 4)) as amount,
    cast(degrees as decimal(18, 9)) as degrees,
    source,
    source_file,
    cast(source_row as bigint) as source_row
from events
