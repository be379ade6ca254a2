with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

fct_payments as (
    select * from {{ ref('fct_payments') }}
    where
        amount is not null
        and paid_on <= {{ as_of_date() }}
),

paid_by_invoice as (
    select
        invoice_id,
        sum(amount) as paid
    from fct_payments
    group by invoice_id
),

credited_by_invoice as (
    select
        credited_invoice_id as invoice_id,
        sum(total) as credited
    from fct_invoices
    where
        kind = 'credit_note'
        and credited_invoice_id is not null
    group by credited_invoice_id
),

documents as (
    select
        fct_invoices.account_id,
        fct_invoices.kind,
        fct_invoices.total,
        fct_invoices.issued_on,
        fct_invoices.kind = 'invoice' and fct_invoices.total > 0 as is_sale,
        {{ days_between('fct_invoices.issued_on', as_of_date()) }} as age_days,
        case
            when
                fct_invoices.kind = 'invoice'
                and fct_invoices.status = 'open'
                and {{ days_between('fct_invoices.due_on', as_of_date()) }} > 0
                then
                    greatest(
                        fct_invoices.total
                        - coalesce(paid_by_invoice.paid, 0)
                        + coalesce(credited_by_invoice.credited, 0),
                        0
                    )
            else 0
        end as overdue,
        {{ days_between('fct_invoices.due_on', as_of_date()) }} as overdue_days
    from fct_invoices
    left join paid_by_invoice on fct_invoices.invoice_id = paid_by_invoice.invoice_id
    left join credited_by_invoice on fct_invoices.invoice_id = credited_by_invoice.invoice_id
)

select
    account_id,
    cast(sum(case when age_days < 365 then total else 0 end) as decimal(18, 4)) as revenue_365d,
    cast(sum(case when age_days >= 365 and age_days < 730 then total else 0 end) as decimal(18, 4)) as revenue_previous_365d,
    cast(sum(total) as decimal(18, 4)) as revenue_lifetime,
    cast(sum(overdue) as decimal(18, 4)) as overdue_amount,
    cast(sum(case when overdue_days > 30 then overdue else 0 end) as decimal(18, 4)) as overdue_amount_30d,
    min(case when is_sale then issued_on end) as first_invoice_on,
    max(case when is_sale then issued_on end) as last_invoice_on,
    count(case when is_sale and age_days < 90 then 1 end) as invoices_90d,
    count(case when is_sale and age_days < 365 then 1 end) as invoices_365d,
    count(distinct case when is_sale and age_days < 365 then issued_on end) as invoice_days_365d
from documents
group by account_id
