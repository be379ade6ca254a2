{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices', 'placed_by': 'issued_on'}
) }}

with stg_billing__invoices as {{ inlined() if not is_incremental() }} (
    select * from {{ ref('stg_billing__invoices') }}
    {{ where_delivered('invoices', 'document_id', 'issued_on') }}
),

headers as {{ inlined() if not is_incremental() }} (
    select * from stg_billing__invoices
    where is_current
),

-- What a document consists of. Apart from the lines that bear its header: few sources have both.
itemised_documents as (
    select
        source,
        document_id,
        sum(amount) as lines_total,
        sum(quantity) as units,
        sum({{ line_content() }}) as lines_content
    from {{ ref('stg_billing__invoice_lines') }}
    {{ where_delivered('invoices', 'document_id', 'file_id') }}
    {{ 'and' if is_incremental() else 'where' }} is_current and not has_header
    group by source, document_id
),

documents_of_lines as (
    select
        source,
        invoice_id,
        document_id,
        max(billing_customer_id) as billing_customer_id,
        max(customer_code) as customer_code,
        max(customer_name) as customer_name,
        max(customer_email) as customer_email,
        max(country) as country,
        max(credited_invoice_id) as credited_invoice_id,
        coalesce(max(kind), 'invoice') as kind,
        coalesce(max(status), 'open') as status,
        max(currency) as currency,
        sum(amount) as document_total,
        sum(quantity) as units,
        min(issued_at) as issued_at,
        max(due_at) as due_at,
        sum({{ line_content() }}) as lines_content,
        {{ first_record('has_header') }} as first_record
    from {{ ref('stg_billing__invoice_lines') }}
    {{ where_delivered('invoices', 'document_id', 'file_id') }}
    {{ 'and' if is_incremental() else 'where' }} is_current and has_header
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
        document_open_balance,
        issued_on,
        due_on,
        issued_at,
        source,
        source_file,
        source_row
    from headers
    union all
    select
        documents_of_lines.invoice_id,
        documents_of_lines.document_id,
        documents_of_lines.billing_customer_id,
        documents_of_lines.customer_code,
        documents_of_lines.credited_invoice_id,
        documents_of_lines.kind,
        documents_of_lines.status,
        documents_of_lines.currency,
        cast(documents_of_lines.document_total as decimal(18, 4)) as document_total,
        cast(null as decimal(18, 4)) as document_open_balance,
        {{ reporting_date('documents_of_lines.issued_at') }} as issued_on,
        {{ reporting_date('documents_of_lines.due_at') }} as due_on,
        documents_of_lines.issued_at,
        documents_of_lines.source,
        documents_of_lines.first_record['source_file'] as source_file,
        documents_of_lines.first_record['source_row'] as source_row
    from documents_of_lines
    left join headers on documents_of_lines.invoice_id = headers.invoice_id
    where headers.invoice_id is null
)

select
    documents.invoice_id,
    documents.document_id,
    documents.billing_customer_id,
    documents.customer_code,
    documents.credited_invoice_id,
    documents_of_lines.customer_code as lines_customer_code,
    documents_of_lines.customer_name,
    documents_of_lines.customer_email,
    documents_of_lines.country,
    documents.kind,
    documents.status,
    documents.currency,
    documents.document_total,
    documents.document_open_balance,
    documents.issued_on,
    documents.due_on,
    documents.issued_at,
    documents.source,
    documents.source_file,
    documents.source_row,
    cast(itemised_documents.lines_total as decimal(18, 4)) as lines_total,
    cast(coalesce(
        itemised_documents.units + documents_of_lines.units, itemised_documents.units, documents_of_lines.units
    ) as decimal(18, 4)) as units,
    -- Where it is another, so may its products be, with nothing else.
    cast(coalesce(
        itemised_documents.lines_content + documents_of_lines.lines_content,
        itemised_documents.lines_content,
        documents_of_lines.lines_content
    ) as decimal(38, 0)) as lines_content
from documents
left join itemised_documents
    on
        documents.source = itemised_documents.source
        and documents.document_id = itemised_documents.document_id
left join documents_of_lines on documents.invoice_id = documents_of_lines.invoice_id
