with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

files as (
    select * from {{ source('raw', 'files') }}
    where feed = 'invoices'
),

excluded as (
    select * from {{ source('raw', 'excluded') }}
),

-- Drafts, for instance: their lines may come all the same.
invoices_left_out as (
    select distinct files.source || ':' || excluded.document_id as invoice_id
    from excluded
    inner join files on excluded.file_id = files.file_id
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
