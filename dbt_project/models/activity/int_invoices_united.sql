with stg_billing__invoices as (
    select * from {{ ref('stg_billing__invoices') }}
),

headers as (
    select * from stg_billing__invoices
    where is_current
),

-- What a document consists of. Apart from the lines that bear its header: few sources have both.
itemised_documents as (
    select
        source,
        document_id,
        sum(amount) as lines_total,
        sum(case when status is distinct from 'void' then amount end) as standing_lines_total,
        sum(quantity) as units
    from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and not has_header
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
        {{ where_agreed('document_open_balance') }} as document_open_balance,
        {{ where_agreed('rate_to_base') }} as rate_to_base,
        {{ where_agreed('rate_from_base') }} as rate_from_base,
        {{ where_agreed('rate_base') }} as rate_base,
        case
            when min(rate_to_base) <> max(rate_to_base) then 'rate_to_base'
            when min(rate_from_base) <> max(rate_from_base) then 'rate_from_base'
            when min(rate_base) <> max(rate_base) then 'rate_base'
            when min(document_open_balance) <> max(document_open_balance) then 'open_balance'
        end as differing_column,
        sum(amount) as document_total,
        sum(case when status is distinct from 'void' then amount end) as standing_lines_total,
        sum(quantity) as units,
        min(issued_at) as issued_at,
        max(due_at) as due_at,
        {{ first_record('has_header') }} as first_record
    from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and has_header
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
        is_sum_of_lines,
        rate_to_base,
        rate_from_base,
        rate_base,
        cast(null as varchar) as differing_column,
        true as has_own_header,
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
        documents_of_lines.document_open_balance,
        false as is_sum_of_lines,
        documents_of_lines.rate_to_base,
        documents_of_lines.rate_from_base,
        documents_of_lines.rate_base,
        documents_of_lines.differing_column,
        false as has_own_header,
        {{ reporting_date('documents_of_lines.issued_at') }} as issued_on,
        {{ reporting_date('documents_of_lines.due_at') }} as due_on,
        documents_of_lines.issued_at,
        documents_of_lines.source,
        documents_of_lines.first_record['source_file'] as source_file,
        documents_of_lines.first_record['source_row'] as source_row
    from documents_of_lines
    left join headers on documents_of_lines.invoice_id = headers.invoice_id
    where headers.invoice_id is null
),

-- An invoice with a header of its own consists of all its lines, also of those that could be an invoice without it.
-- Void lines are no part of a sum.
documents_with_lines as (
    select
        documents.*,
        documents_of_lines.customer_code as lines_customer_code,
        documents_of_lines.customer_name,
        documents_of_lines.customer_email,
        documents_of_lines.country,
        case
            when not documents.has_own_header then itemised_documents.lines_total
            when documents.is_sum_of_lines
                then coalesce(
                    itemised_documents.standing_lines_total + documents_of_lines.standing_lines_total,
                    itemised_documents.standing_lines_total,
                    documents_of_lines.standing_lines_total
                )
            else coalesce(
                itemised_documents.lines_total + documents_of_lines.document_total,
                itemised_documents.lines_total,
                documents_of_lines.document_total
            )
        end as lines_total,
        coalesce(
            itemised_documents.units + documents_of_lines.units, itemised_documents.units, documents_of_lines.units
        ) as units
    from documents
    left join itemised_documents
        on
            documents.source = itemised_documents.source
            and documents.document_id = itemised_documents.document_id
    left join documents_of_lines on documents.invoice_id = documents_of_lines.invoice_id
)

select
    invoice_id,
    document_id,
    billing_customer_id,
    customer_code,
    credited_invoice_id,
    lines_customer_code,
    customer_name,
    customer_email,
    country,
    kind,
    status,
    currency,
    is_sum_of_lines,
    rate_to_base,
    rate_from_base,
    rate_base,
    differing_column,
    cast(
        document_total + case when is_sum_of_lines then coalesce(lines_total, 0) else 0 end as decimal(18, 4)
    ) as document_total,
    document_open_balance,
    issued_on,
    due_on,
    issued_at,
    source,
    source_file,
    source_row,
    cast(lines_total as decimal(18, 4)) as lines_total,
    cast(units as decimal(18, 4)) as units
from documents_with_lines
