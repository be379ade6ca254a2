{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices'}
) }}

with stg_billing__invoices as (
    select * from {{ ref('stg_billing__invoices') }}
    {{ where_delivered('invoices', 'document_id') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    {{ where_delivered('invoices', 'document_id') }}
),

headers as (
    select * from stg_billing__invoices
    where is_current
),

lines_of_documents as (
    select
        source,
        invoice_id,
        document_id,
        count(case when has_header then 1 end) > 0 as has_header,
        max(case when has_header then billing_customer_id end) as billing_customer_id,
        max(case when has_header then customer_code end) as customer_code,
        max(case when has_header then customer_name end) as customer_name,
        max(case when has_header then customer_email end) as customer_email,
        max(case when has_header then country end) as country,
        max(case when has_header then credited_invoice_id end) as credited_invoice_id,
        coalesce(max(case when has_header then kind end), 'invoice') as kind,
        coalesce(max(case when has_header then status end), 'open') as status,
        max(case when has_header then currency end) as currency,
        sum(case when has_header then amount end) as document_total,
        sum(case when not has_header then amount end) as lines_total,
        sum(quantity) as units,
        min(case when has_header then issued_at end) as issued_at,
        max(case when has_header then due_at end) as due_at,
        -- Which files the lines came in: other ones, and its products may have changed with nothing else.
        max(file_id) as last_lines_file,
        cast(sum(file_id) as bigint) as sum_lines_files,
        {{ first_record('has_header') }} as first_record
    from stg_billing__invoice_lines
    where is_current
    group by source, invoice_id, document_id
),

documents as (
    select
        invoice_id,
        document_id,
        billing_customer_id,
        customer_code,
        credited_invoice_id,
        kind,
        status,
        currency,
        document_total,
        issued_on,
        due_on,
        issued_at,
        source,
        source_file,
        source_row
    from headers
    union all
    select
        lines_of_documents.invoice_id,
        lines_of_documents.document_id,
        lines_of_documents.billing_customer_id,
        lines_of_documents.customer_code,
        lines_of_documents.credited_invoice_id,
        lines_of_documents.kind,
        lines_of_documents.status,
        lines_of_documents.currency,
        cast(lines_of_documents.document_total as decimal(18, 4)) as document_total,
        {{ reporting_date('lines_of_documents.issued_at') }} as issued_on,
        {{ reporting_date('lines_of_documents.due_at') }} as due_on,
        lines_of_documents.issued_at,
        lines_of_documents.source,
        lines_of_documents.first_record['source_file'] as source_file,
        lines_of_documents.first_record['source_row'] as source_row
    from lines_of_documents
    left join headers on lines_of_documents.invoice_id = headers.invoice_id
    where
        headers.invoice_id is null
        and lines_of_documents.has_header
)

select
    documents.invoice_id,
    documents.document_id,
    documents.billing_customer_id,
    documents.customer_code,
    documents.credited_invoice_id,
    lines_of_documents.customer_code as lines_customer_code,
    lines_of_documents.customer_name,
    lines_of_documents.customer_email,
    lines_of_documents.country,
    documents.kind,
    documents.status,
    documents.currency,
    documents.document_total,
    cast(lines_of_documents.lines_total as decimal(18, 4)) as lines_total,
    cast(lines_of_documents.units as decimal(18, 4)) as units,
    lines_of_documents.last_lines_file,
    lines_of_documents.sum_lines_files,
    documents.issued_on,
    documents.due_on,
    documents.issued_at,
    documents.source,
    documents.source_file,
    documents.source_row
from documents
left join lines_of_documents on documents.invoice_id = lines_of_documents.invoice_id
