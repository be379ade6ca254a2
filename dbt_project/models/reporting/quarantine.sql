with files as (
    select * from {{ source('raw', 'files') }}
),

raw_quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'no_rate'
),

unreadable_rows as (
    select
        files.source,
        files.feed,
        files.source_file,
        raw_quarantine.source_row,
        files.delivery_key as delivery_id,
        raw_quarantine.document_id,
        raw_quarantine.column_name,
        raw_quarantine.value,
        raw_quarantine.reason,
        raw_quarantine.amount
    from raw_quarantine
    inner join files on raw_quarantine.file_id = files.file_id
),

invoices_without_a_rate as (
    select
        source,
        'invoices' as feed,
        source_file,
        source_row,
        cast(null as varchar) as delivery_id,
        document_id,
        'currency' as column_name,
        currency as value,
        'no exchange rate to {{ var("reporting_currency") }} on or before its date' as reason,
        document_total as amount
    from fct_invoices
)

select
    source,
    feed,
    source_file,
    cast(source_row as bigint) as source_row,
    delivery_id,
    document_id,
    column_name,
    value,
    reason,
    cast(amount as decimal(38, 4)) as amount
from unreadable_rows
union all
select
    source,
    feed,
    source_file,
    cast(source_row as bigint) as source_row,
    delivery_id,
    document_id,
    column_name,
    value,
    reason,
    cast(amount as decimal(38, 4)) as amount
from invoices_without_a_rate
