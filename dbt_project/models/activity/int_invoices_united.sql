with stg_billing__invoices as (
    select * from {{ ref('stg_billing__invoices') }}
    where is_current
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where is_current and has_header
),

invoices_of_lines as (
    select
        invoice_id,
        document_id,
        max(billing_customer_id) as billing_customer_id,
        max(customer_code) as customer_code,
        max(credited_invoice_id) as credited_invoice_id,
        coalesce(max(kind), 'invoice') as kind,
        coalesce(max(status), 'open') as status,
        max(currency) as currency,
        cast(sum(amount) as decimal(18, 4)) as document_total,
        {{ reporting_date('min(issued_at)') }} as issued_on,
        {{ reporting_date('max(due_at)') }} as due_on,
        min(issued_at) as issued_at,
        source,
        {{ first_record() }} as first_record
    from stg_billing__invoice_lines
    group by source, invoice_id, document_id
),

united as (
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
    from stg_billing__invoices
    union all
    select
        invoices_of_lines.invoice_id,
        invoices_of_lines.document_id,
        invoices_of_lines.billing_customer_id,
        invoices_of_lines.customer_code,
        invoices_of_lines.credited_invoice_id,
        invoices_of_lines.kind,
        invoices_of_lines.status,
        invoices_of_lines.currency,
        invoices_of_lines.document_total,
        invoices_of_lines.issued_on,
        invoices_of_lines.due_on,
        invoices_of_lines.issued_at,
        invoices_of_lines.source,
        invoices_of_lines.first_record['source_file'] as source_file,
        invoices_of_lines.first_record['source_row'] as source_row
    from invoices_of_lines
    left join stg_billing__invoices on invoices_of_lines.invoice_id = stg_billing__invoices.invoice_id
    where stg_billing__invoices.invoice_id is null
)

select
    united.invoice_id,
    united.document_id,
    -- A credit note that names no customer is that of the invoice it credits.
    coalesce(united.billing_customer_id, credited.billing_customer_id) as billing_customer_id,
    coalesce(united.customer_code, credited.customer_code) as customer_code,
    united.credited_invoice_id,
    united.kind,
    united.status,
    united.currency,
    united.document_total,
    united.issued_on,
    united.due_on,
    united.issued_at,
    united.source,
    united.source_file,
    united.source_row
from united
left join united as credited
    on
        united.credited_invoice_id = credited.invoice_id
        and united.customer_code is null
