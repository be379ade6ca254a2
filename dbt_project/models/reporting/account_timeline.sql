{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'events', 'always': "kind = 'temperature'", 'frozen': true,
        'rows_of': ['fct_account_events', 'int_temperature_flips']}
) }}

{%- set bodies = ref('int_bodies') %}

with fct_account_events as (
    {{ changed_events() }}
),

int_scorecards as (
    select scorecard_version from {{ ref('int_scorecards') }}
    where is_in_force
),

{%- if is_incremental() %}

accounts as (
    select account_number from {{ bodies }}
    where
        body_kind = 'account'
        and account_id in (select account_id from fct_account_events)
),
{%- endif %}

int_event_degrees as (
    select
        int_event_degrees.event_id,
        {%- for dimension in heat_dimensions() %}
        int_event_degrees.{{ dimension }}{{ ' +' if not loop.last }}
        {%- endfor %} as degrees
    from {{ ref('int_event_degrees') }} as int_event_degrees
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
    {%- if is_incremental() %}
    where
        int_event_degrees.occurred_on in (select occurred_on from fct_account_events)
        and int_event_degrees.account_number in (select account_number from accounts)
        and int_event_degrees.event_id in (select event_id from fct_account_events)
    {%- endif %}
),

int_temperature_flips as (
    select * from {{ ref('int_temperature_flips') }}
),

-- What follows from other columns of an event is written here alone: texts take longer to write than to make.
told_events as (
    select
        *,
        substring(record_id, length(source) + 2) as document_id
    from fct_account_events
),

events as (
    select
        told_events.event_id,
        told_events.account_id,
        told_events.occurred_at,
        told_events.occurred_on,
        told_events.kind,
        told_events.direction,
        told_events.outcome,
        told_events.document_id,
        case
            when told_events.feed = 'payments' then 'Payment ' || told_events.document_id
            when told_events.feed = 'opportunities' then 'Opportunity ' || told_events.outcome
            when told_events.feed <> 'invoices' then told_events.words
            when told_events.kind = 'invoice' then 'Invoice ' || told_events.document_id
            when told_events.kind = 'credit_note' then 'Credit note ' || told_events.document_id
            else 'Adjustment ' || told_events.document_id
        end as summary,
        told_events.amount,
        int_event_degrees.degrees,
        told_events.source,
        told_events.source_file,
        told_events.source_row
    from told_events
    left join int_event_degrees on told_events.event_id = int_event_degrees.event_id
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
