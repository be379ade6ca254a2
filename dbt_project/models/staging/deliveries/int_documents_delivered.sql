{{ config(materialized='table') }}

{%- set feeds = {
    'invoices': {'invoices': 'invoice_id', 'invoice_lines': 'invoice_id'},
    'payments': {'payments': 'payment_id'},
    'opportunities': {'opportunities': 'opportunity_id'},
    'communications': {'communications': 'communication_id', 'communication_accounts': 'communication_id'},
    'feedback': {'feedback': 'feedback_id'},
} -%}

with files as (
    select
        files.file_id,
        files.source,
        files.feed
    from {{ source('raw', 'files') }} as files
    inner join {{ source('config', 'files_changed') }} as files_changed on files.file_id = files_changed.file_id
),

documents as (
    {%- for feed, tables in feeds.items() %}
    {%- for table, key in tables.items() %}
    select
        '{{ feed }}' as feed,
        files.source,
        records.{{ key }} as document_id
    from {{ source('raw', table) }} as records
    inner join files on records.file_id = files.file_id
    union all
    {%- endfor %}
    {%- endfor %}
    select
        case files.feed
            when 'invoice_lines' then 'invoices'
            when 'communication_accounts' then 'communications'
            else files.feed
        end as feed,
        files.source,
        not_taken.document_id
    from {{ source('raw', 'not_taken') }} as not_taken
    inner join files on not_taken.file_id = files.file_id
    where not_taken.document_id is not null
)

select distinct
    feed,
    source,
    document_id,
    source || ':' || document_id as record_id
from documents
