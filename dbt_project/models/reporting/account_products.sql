{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'accounts'}
) }}

with invoices_of_accounts as (
    {{ rows_of_changed_accounts(ref('fct_invoices')) }}
),

fct_invoices as (
    select * from invoices_of_accounts
    where money_state = 'attributed'
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and product_code is not null
)

select
    fct_invoices.account_id,
    stg_billing__invoice_lines.product_code,
    cast(count(distinct case when fct_invoices.kind = 'invoice' then fct_invoices.invoice_id end) as integer) as invoices,
    cast(sum(stg_billing__invoice_lines.quantity) as decimal(18, 4)) as units,
    cast(sum(
        {{ in_reporting_currency('stg_billing__invoice_lines.amount', 'fct_invoices.currency', 'fct_invoices') }}
    ) as decimal(18, 4)) as revenue,
    max(stg_billing__invoice_lines.description) as description,
    min(fct_invoices.issued_on) as first_invoice_on,
    max(fct_invoices.issued_on) as last_invoice_on
from stg_billing__invoice_lines
inner join fct_invoices
    on
        stg_billing__invoice_lines.source = fct_invoices.source
        and stg_billing__invoice_lines.document_id = fct_invoices.document_id
group by fct_invoices.account_id, stg_billing__invoice_lines.product_code
