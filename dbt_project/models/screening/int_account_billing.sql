with fct_payments as (
    select * from {{ ref('fct_payments') }}
    where
        invoice_status = 'open'
        and amount is not null
        and paid_on <= {{ as_of_date() }}
),

fct_invoices as (
    select
        *,
        kind = 'invoice' and total > 0 as is_sale,
        {{ days_between('issued_on', as_of_date()) }} as age_days
    from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

credit_notes as (
    select
        credited_invoice_id,
        total
    from {{ ref('fct_invoices') }}
    where
        money_state = 'attributed'
        and kind = 'credit_note'
),

invoices_past_due as (
    select
        invoice_id,
        account_id,
        total,
        {{ days_between('due_on', as_of_date()) }} as overdue_days
    from {{ ref('fct_invoices') }}
    where
        money_state = 'attributed'
        and kind = 'invoice'
        and status = 'open'
        and due_on < {{ as_of_date() }}
),

settlements as (
    select
        invoice_id,
        amount
    from fct_payments
    where invoice_id in (select invoice_id from invoices_past_due)
    union all
    select
        credited_invoice_id as invoice_id,
        -total as amount
    from credit_notes
    where credited_invoice_id in (select invoice_id from invoices_past_due)
),

settled_by_invoice as (
    select
        invoice_id,
        sum(amount) as amount
    from settlements
    group by invoice_id
),

debts as (
    select
        invoices_past_due.account_id,
        invoices_past_due.overdue_days,
        greatest(invoices_past_due.total - coalesce(settled_by_invoice.amount, 0), 0) as overdue
    from invoices_past_due
    left join settled_by_invoice on invoices_past_due.invoice_id = settled_by_invoice.invoice_id
),

debts_by_account as (
    select
        account_id,
        sum(overdue) as overdue_amount,
        sum(case when overdue_days > 30 then overdue else 0 end) as overdue_amount_30d
    from debts
    group by account_id
),

sales_by_account as (
    select
        account_id,
        sum(case when age_days < 365 then total else 0 end) as revenue_365d,
        sum(case when age_days >= 365 and age_days < 730 then total else 0 end) as revenue_previous_365d,
        sum(total) as revenue_lifetime,
        min(case when is_sale then issued_on end) as first_invoice_on,
        max(case when is_sale then issued_on end) as last_invoice_on,
        count(case when is_sale and age_days < 90 then 1 end) as invoices_90d,
        count(case when is_sale and age_days < 365 then 1 end) as invoices_365d,
        {{ days_counted('case when is_sale then age_days end', 365) }} as invoice_days_365d
    from fct_invoices
    group by account_id
)

select
    sales_by_account.account_id,
    cast(sales_by_account.revenue_365d as decimal(18, 4)) as revenue_365d,
    cast(sales_by_account.revenue_previous_365d as decimal(18, 4)) as revenue_previous_365d,
    cast(sales_by_account.revenue_lifetime as decimal(18, 4)) as revenue_lifetime,
    cast(coalesce(debts_by_account.overdue_amount, 0) as decimal(18, 4)) as overdue_amount,
    cast(coalesce(debts_by_account.overdue_amount_30d, 0) as decimal(18, 4)) as overdue_amount_30d,
    sales_by_account.first_invoice_on,
    sales_by_account.last_invoice_on,
    sales_by_account.invoices_90d,
    sales_by_account.invoices_365d,
    sales_by_account.invoice_days_365d
from sales_by_account
left join debts_by_account on sales_by_account.account_id = debts_by_account.account_id
