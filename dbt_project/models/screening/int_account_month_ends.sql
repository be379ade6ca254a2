with int_bodies as (
    select
        body_number,
        account_id
    from {{ ref('int_bodies') }}
    where body_kind = 'account'
),

-- Numbered, because millions of days and sums are compared by them.
accounts as (
    select
        int_bodies.body_number,
        int_accounts_first_seen.account_id,
        int_accounts_first_seen.first_event_on
    from {{ ref('int_accounts_first_seen') }} as int_accounts_first_seen
    inner join int_bodies on int_accounts_first_seen.account_id = int_bodies.account_id
    where int_accounts_first_seen.first_event_on is not null
),

int_scorecards as (
    select
        scorecard_version,
        effective_from,
        superseded_from
    from {{ ref('int_scorecards') }}
),

int_heat_sums as (
    select * from {{ ref('int_heat_sums') }}
),

int_account_billing as (
    select
        account_id,
        first_invoice_on
    from {{ ref('int_account_billing') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

first_month as (
    select cast({{ dbt.date_trunc('month', 'min(first_event_on)') }} as date) as month
    from accounts
),

{{ month_ends('first_month') }},

account_days as (
    select
        accounts.account_id,
        accounts.body_number,
        month_ends.as_of_date,
        int_scorecards.scorecard_version,
        {{ add_days('month_ends.as_of_date', -365) }} as year_before
    from accounts
    inner join month_ends on accounts.first_event_on <= month_ends.as_of_date
    inner join int_scorecards
        on
            month_ends.as_of_date >= int_scorecards.effective_from
            and coalesce(month_ends.as_of_date < int_scorecards.superseded_from, true)
),

accounts_looked_at as (
    select
        account_id,
        body_number,
        min(as_of_date) as first_day
    from account_days
    group by account_id, body_number
),

-- Of sums, those that hold at the end of a month.
account_sums as (
    select int_heat_sums.*
    from int_heat_sums
    inner join accounts_looked_at on int_heat_sums.body_number = accounts_looked_at.body_number
    where
        int_heat_sums.next_on is null
        or (
            int_heat_sums.next_on > accounts_looked_at.first_day
            and int_heat_sums.next_on > {{ end_of_month('int_heat_sums.occurred_on') }}
        )
),

-- A year before the end of a month lies the end of one or, where a leap day came between, the first day of one.
-- So a month's sales count as its end's, but for those of its first day.
sales as (
    select
        accounts_looked_at.body_number,
        fct_invoices.total,
        {{ end_of_month('fct_invoices.issued_on') }} as month_end,
        case
            when fct_invoices.issued_on = {{ dbt.date_trunc('month', 'fct_invoices.issued_on') }} then fct_invoices.issued_on
            else {{ end_of_month('fct_invoices.issued_on') }}
        end as counted_on,
        case when fct_invoices.kind = 'invoice' and fct_invoices.total > 0 then fct_invoices.issued_on end as invoiced_on
    from fct_invoices
    inner join accounts_looked_at on fct_invoices.account_id = accounts_looked_at.account_id
    where {{ days_between('fct_invoices.issued_on', 'accounts_looked_at.first_day') }} < 365
),

sales_counted as (
    select
        body_number,
        counted_on,
        sum(total) as revenue,
        {{ days_counted(days_between('invoiced_on', 'month_end'), 31) }} as invoice_days
    from sales
    group by body_number, counted_on
),

running_sales as (
    select
        body_number,
        counted_on,
        sum(revenue) over account_sales as revenue,
        sum(invoice_days) over account_sales as invoice_days
    from sales_counted
    window account_sales as (
        partition by body_number order by counted_on rows between unbounded preceding and current row
    )
),

-- What was sold in a year is what was sold until its end less what was sold until its beginning.
sales_then as (
    select
        account_days.account_id,
        account_days.body_number,
        account_days.as_of_date,
        account_days.scorecard_version,
        coalesce(until_then.revenue, 0) - coalesce(until_year_before.revenue, 0) as revenue_365d,
        coalesce(until_then.invoice_days, 0) - coalesce(until_year_before.invoice_days, 0) as invoice_days_365d
    from account_days
    asof left join running_sales as until_then
        on
            account_days.body_number = until_then.body_number
            and account_days.as_of_date >= until_then.counted_on
    asof left join running_sales as until_year_before
        on
            account_days.body_number = until_year_before.body_number
            and account_days.year_before >= until_year_before.counted_on
),

heat_then as (
    select
        account_days.body_number,
        account_days.as_of_date,
        {{ total_heat('account_days.as_of_date', 'account_sums.sum_') }} as heat
    from account_days
    asof inner join account_sums
        on
            account_days.body_number = account_sums.body_number
            and account_days.scorecard_version = account_sums.scorecard_version
            and account_days.as_of_date >= account_sums.occurred_on
)

select
    sales_then.as_of_date,
    sales_then.account_id,
    {{ relationship('int_account_billing.first_invoice_on', 'sales_then.invoice_days_365d', 'sales_then.as_of_date') }}
        as relationship,
    coalesce(heat_then.heat, 0) as heat,
    cast(sales_then.revenue_365d as decimal(38, 4)) as revenue_365d
from sales_then
left join int_account_billing on sales_then.account_id = int_account_billing.account_id
left join heat_then
    on
        sales_then.body_number = heat_then.body_number
        and sales_then.as_of_date = heat_then.as_of_date
