{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'touched', 'feed': 'invoices', 'key': 'invoice_id'}
) }}
{%- set int_documents_delivered = ref('int_documents_delivered') %}

with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where {{ is_touched('invoice_id', 'invoices') }}
),

headers as (
    select
        source,
        source_file,
        invoice_id,
        currency,
        document_total as amount,
        is_current
    from {{ ref('stg_billing__invoices') }}
    where {{ is_touched('invoice_id', 'invoices') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    {%- if is_incremental() %}
    where
        document_id in (
            select document_id from fct_invoices
            union all
            select document_id from {{ int_documents_delivered }}
            where feed = 'invoices'
        )
    {%- endif %}
),

lines_by_file as (
    select
        file_id,
        document_id,
        currency,
        has_header,
        is_current,
        sum(amount) as amount
    from stg_billing__invoice_lines
    group by file_id, document_id, currency, has_header, is_current
),

document_lines as (
    select
        files.source,
        files.source_file,
        lines_by_file.currency,
        lines_by_file.amount,
        lines_by_file.has_header,
        lines_by_file.is_current,
        files.source || ':' || lines_by_file.document_id as invoice_id
    from lines_by_file
    inner join files on lines_by_file.file_id = files.file_id
),

current_headers as (
    select invoice_id
    from headers
    where is_current
),

classified as (
    select
        headers.source,
        headers.source_file,
        headers.invoice_id,
        headers.currency,
        headers.amount,
        case
            when not headers.is_current then 'superseded'
            when coalesce(headers.currency, '') = coalesce(fct_invoices.currency, '') then fct_invoices.money_state
        end as class,
        headers.is_current as is_counted,
        case when headers.is_current then abs(fct_invoices.document_total) end as volume
    from headers
    left join fct_invoices on headers.invoice_id = fct_invoices.invoice_id
    union all
    select
        document_lines.source,
        document_lines.source_file,
        document_lines.invoice_id,
        document_lines.currency,
        document_lines.amount,
        case
            when not document_lines.is_current then 'superseded'
            when current_headers.invoice_id is not null then 'itemised'
            when not document_lines.has_header and fct_invoices.invoice_id is not null then 'itemised'
            when not document_lines.has_header then 'without_invoice'
            -- An amount in another currency than its invoice's isn't in the invoice's total.
            when
                coalesce(document_lines.currency, fct_invoices.currency, '') = coalesce(fct_invoices.currency, '')
                then fct_invoices.money_state
        end as class,
        document_lines.is_current and document_lines.has_header and current_headers.invoice_id is null as is_counted,
        null as volume
    from document_lines
    left join current_headers on document_lines.invoice_id = current_headers.invoice_id
    left join fct_invoices on document_lines.invoice_id = fct_invoices.invoice_id
    where {{ is_touched('document_lines.invoice_id', 'invoices') }}
),

counted as (
    select
        invoice_id,
        sum(amount) as amount
    from classified
    where is_counted
    group by invoice_id
)

select
    invoice_id,
    source,
    source_file,
    currency,
    class,
    cast(amount as decimal(38, 4)) as amount,
    cast(volume as decimal(38, 4)) as volume
from classified
union all
-- An invoice's total is what its records say, or its first file doesn't reconcile.
select
    fct_invoices.invoice_id,
    fct_invoices.source,
    fct_invoices.source_file,
    fct_invoices.currency,
    fct_invoices.money_state as class,
    cast(fct_invoices.document_total - coalesce(counted.amount, 0) as decimal(38, 4)) as amount,
    cast(case when current_headers.invoice_id is null then abs(fct_invoices.document_total) end as decimal(38, 4)) as volume
from fct_invoices
left join counted on fct_invoices.invoice_id = counted.invoice_id
left join current_headers on fct_invoices.invoice_id = current_headers.invoice_id
where
    current_headers.invoice_id is null
    or fct_invoices.document_total is distinct from counted.amount
