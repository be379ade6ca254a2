{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices'}
) }}

with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    {{ where_delivered('invoices', 'document_id', 'issued_on') }}
),

{% if is_incremental() -%}
-- Nearly every delivered document has its invoice: only where one has none are lines looked for.
documents_alone as (
    select
        delivered.document_id,
        delivered.file_id
    from {{ ref('int_documents_delivered') }} as delivered
    left join fct_invoices on delivered.record_id = fct_invoices.invoice_id
    where
        delivered.feed = 'invoices'
        and delivered.raw_table = 'invoice_lines'
        and fct_invoices.invoice_id is null
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where
        document_id in (select document_id from documents_alone)
        and file_id in (select file_id from documents_alone)
),
{%- else -%}
stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),
{%- endif %}

files as (
    select * from {{ source('raw', 'files') }}
    where feed = 'invoices'
),

not_taken as (
    select * from {{ source('raw', 'not_taken') }}
),

-- Drafts, for instance: their lines may come all the same.
invoices_left_out as (
    select distinct files.source || ':' || not_taken.document_id as invoice_id
    from not_taken
    inner join files on not_taken.file_id = files.file_id
)

select
    stg_billing__invoice_lines.invoice_id,
    stg_billing__invoice_lines.document_id,
    stg_billing__invoice_lines.currency,
    stg_billing__invoice_lines.amount,
    stg_billing__invoice_lines.source,
    stg_billing__invoice_lines.source_file,
    stg_billing__invoice_lines.source_row
from stg_billing__invoice_lines
left join fct_invoices on stg_billing__invoice_lines.invoice_id = fct_invoices.invoice_id
left join invoices_left_out on stg_billing__invoice_lines.invoice_id = invoices_left_out.invoice_id
where
    stg_billing__invoice_lines.is_current
    and not stg_billing__invoice_lines.has_header
    and fct_invoices.invoice_id is null
    and invoices_left_out.invoice_id is null
