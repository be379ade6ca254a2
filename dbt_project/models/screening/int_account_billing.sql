with fct_payments as (
    select * from {{ ref('fct_payments') }}
    where invoice_id is not null
),

fct_invoices as (
    select
        *,
        kind = 'invoice' and total > 0 as is_sale,
        {{ days_between('issued_on', as_of_date()) }} as age_days,
        {{ days_between('due_on', as_of_date()) }} as overdue_days
    from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

-- Only where payments name their invoices does the lack of one say that it is unpaid.
sources_of_payments as (
    select distinct source
    from fct_payments
),

-- One without a due date isn't overdue, yet only an export that tells of payments can say so.
claims as (
    select * from fct_invoices
    where
        is_sale
        and status = 'open'
        and (due_on is null or due_on < {{ as_of_date() }})
),

settlements as (
    select
        invoice_id,
        currency,
        document_amount,
        amount
    from fct_payments
    where paid_on <= {{ as_of_date() }}
    union all
    select
        credited_invoice_id as invoice_id,
        currency,
        -document_total as document_amount,
        -total as amount
    from fct_invoices
    where kind = 'credit_note'
),

-- In the invoice's own currency at the invoice's rate, so that one paid in full leaves nothing when rates move.
valued_settlements as (
    select
        claims.invoice_id,
        case
            when settlements.currency = claims.currency
                then round(cast(settlements.document_amount as decimal(24, 4)) * cast(claims.rate as decimal(14, 8)), 4)
            else settlements.amount
        end as amount
    from claims
    inner join settlements on claims.invoice_id = settlements.invoice_id
),

-- Null where the worth of one of them isn't known.
settled_by_invoice as (
    select
        invoice_id,
        case when count(amount) = count(*) then sum(amount) end as amount
    from valued_settlements
    group by invoice_id
),

remainders as (
    select
        claims.invoice_id,
        claims.account_id,
        coalesce(claims.overdue_days, 0) as overdue_days,
        case when claims.open_balance < 0 then 0 else claims.open_balance end as balance,
        case
            when settled_by_invoice.invoice_id is null then claims.total
            when settled_by_invoice.amount > claims.total then 0
            else claims.total - settled_by_invoice.amount
        end as remainder,
        sources_of_payments.source is not null as has_payments
    from claims
    left join settled_by_invoice on claims.invoice_id = settled_by_invoice.invoice_id
    left join sources_of_payments on claims.source = sources_of_payments.source
),

debts as (
    select
        account_id,
        overdue_days,
        case
            when balance <= remainder or remainder is null then balance
            when balance is not null or has_payments or remainder = 0 then remainder
        end as debt
    from remainders
),

debts_by_account as (
    select
        account_id,
        case when count(debt) = count(*) then sum(case when overdue_days > 0 then debt else 0 end) end as overdue_amount,
        sum(case when overdue_days > 30 then coalesce(debt, 0) else 0 end) as overdue_amount_30d
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
    cast(
        case when debts_by_account.account_id is null then 0 else debts_by_account.overdue_amount end as decimal(18, 4)
    ) as overdue_amount,
    cast(coalesce(debts_by_account.overdue_amount_30d, 0) as decimal(18, 4)) as overdue_amount_30d,
    sales_by_account.first_invoice_on,
    sales_by_account.last_invoice_on,
    sales_by_account.invoices_90d,
    sales_by_account.invoices_365d,
    sales_by_account.invoice_days_365d
from sales_by_account
left join debts_by_account on sales_by_account.account_id = debts_by_account.account_id
