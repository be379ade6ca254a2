with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and product_code is not null
),

-- Numbered, because millions of lines are grouped by them.
accounts as (
    select
        account_id,
        cast(row_number() over (order by account_id) as integer) as account_number
    from (select distinct account_id from fct_invoices) as distinct_accounts
),

invoices as (
    select
        cast(row_number() over () as integer) as invoice_number,
        accounts.account_number,
        fct_invoices.source,
        fct_invoices.document_id,
        fct_invoices.kind,
        fct_invoices.currency,
        fct_invoices.rate,
        fct_invoices.issued_on
    from fct_invoices
    inner join accounts on fct_invoices.account_id = accounts.account_id
),

summed_lines as (
    select
        invoices.account_number,
        stg_billing__invoice_lines.product_code,
        count(distinct case when invoices.kind = 'invoice' then invoices.invoice_number end) as invoices,
        sum(stg_billing__invoice_lines.quantity) as units,
        sum({{ in_reporting_currency('stg_billing__invoice_lines.amount', 'invoices.currency', 'invoices') }}) as revenue,
        max(stg_billing__invoice_lines.description) as description,
        min(invoices.issued_on) as first_invoice_on,
        max(invoices.issued_on) as last_invoice_on
    from stg_billing__invoice_lines
    inner join invoices
        on
            stg_billing__invoice_lines.source = invoices.source
            and stg_billing__invoice_lines.document_id = invoices.document_id
    group by invoices.account_number, stg_billing__invoice_lines.product_code
),

sold as (
    select
        accounts.account_id,
        summed_lines.product_code,
        summed_lines.invoices,
        summed_lines.units,
        summed_lines.revenue,
        summed_lines.description,
        summed_lines.first_invoice_on,
        summed_lines.last_invoice_on
    from summed_lines
    inner join accounts on summed_lines.account_number = accounts.account_number
)

select
    account_id,
    product_code,
    cast(invoices as integer) as invoices,
    cast(units as decimal(18, 4)) as units,
    cast(revenue as decimal(18, 4)) as revenue,
    description,
    first_invoice_on,
    last_invoice_on
from sold
