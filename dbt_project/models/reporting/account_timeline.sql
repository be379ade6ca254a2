with fct_account_events as (
    select * from {{ ref('fct_account_events') }}
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

described_events as (
    select
        *,
        substring(record_id, length(source) + 2) as document_id
    from fct_account_events
),

events as (
    select
        described_events.event_id,
        described_events.account_id,
        described_events.occurred_at,
        described_events.occurred_on,
        described_events.kind,
        described_events.direction,
        described_events.outcome,
        described_events.document_id,
        case
            when described_events.feed = 'payments' then 'Payment ' || described_events.document_id
            when described_events.feed = 'opportunities' then 'Opportunity ' || described_events.outcome
            when described_events.feed <> 'invoices' then described_events.words
            when described_events.kind = 'invoice' then 'Invoice ' || described_events.document_id
            when described_events.kind = 'credit_note' then 'Credit note ' || described_events.document_id
            else 'Adjustment ' || described_events.document_id
        end as summary,
        described_events.amount,
        int_event_degrees.degrees,
        described_events.source,
        described_events.source_file,
        described_events.source_row
    from described_events
    left join int_event_degrees on described_events.event_id = int_event_degrees.event_id
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
