{{ config(materialized='table') }}

{%- set feeds = {
    'invoices': {'invoices': ['invoice_id', ['issued_at']], 'invoice_lines': ['invoice_id', ['issued_at']]},
    'payments': {'payments': ['payment_id', ['paid_at']]},
    'opportunities': {'opportunities': ['opportunity_id', ['opened_at', 'closed_at']]},
    'communications': {
        'communications': ['communication_id', ['occurred_at']],
        'communication_accounts': ['communication_id', []],
    },
    'feedback': {'feedback': ['feedback_id', ['given_at']]},
} -%}

with files as (
    select
        files.file_id,
        files.feed
    from {{ source('raw', 'files') }} as files
    inner join {{ source('config', 'files_changed') }} as files_changed on files.file_id = files_changed.file_id
),

documents as (
    {%- for feed, tables in feeds.items() %}
    {%- for table, (key, _) in tables.items() %}
    select
        '{{ feed }}' as feed,
        records.{{ key }} as document_id
    from {{ source('raw', table) }} as records
    inner join files on records.file_id = files.file_id
    union
    {%- endfor %}
    {%- endfor %}
    select
        case files.feed
            when 'invoice_lines' then 'invoices'
            when 'communication_accounts' then 'communications'
            else files.feed
        end as feed,
        not_taken.document_id
    from {{ source('raw', 'not_taken') }} as not_taken
    inner join files on not_taken.file_id = files.file_id
    where not_taken.document_id is not null
),

-- Looked for once: what is made of them lies in these files, and on these days.
records as (
    {%- for feed, tables in feeds.items() %}
    {%- for table, (key, dates) in tables.items() %}
    {%- for dated_by in dates or [none] %}
    select distinct
        '{{ feed }}' as feed,
        '{{ table }}' as raw_table,
        records.file_id,
        records.{{ key }} as document_id,
        {{ reporting_date('records.' ~ dated_by) if dated_by else 'cast(null as date)' }} as recorded_on
    from {{ source('raw', table) }} as records
    where
        records.{{ key }} in (
            select documents.document_id from documents
            where documents.feed = '{{ feed }}'
        )
    union all
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    select distinct
        documents.feed,
        'not_taken' as raw_table,
        not_taken.file_id,
        not_taken.document_id,
        cast(null as date) as recorded_on
    from {{ source('raw', 'not_taken') }} as not_taken
    inner join documents on not_taken.document_id = documents.document_id
)

select
    records.feed,
    records.raw_table,
    files.source,
    records.document_id,
    records.file_id,
    records.recorded_on,
    files.source || ':' || records.document_id as record_id
from records
inner join {{ source('raw', 'files') }} as files on records.file_id = files.file_id
