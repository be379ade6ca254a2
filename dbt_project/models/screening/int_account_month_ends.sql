{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'accounts', 'day': 'as_of_date', 'since_month_of_run': true}
) }}

with accounts as (
    select
        account_id,
        first_event_on
    from {{ ref('int_accounts_first_seen') }}
    where first_event_on is not null
),

int_scorecards as (
    select
        scorecard_version,
        effective_from,
        superseded_from
    from {{ ref('int_scorecards') }}
),

account_sums as (
    select
        int_heat_sums.*,
        int_bodies.account_id
    from {{ ref('int_heat_sums') }} as int_heat_sums
    inner join {{ ref('int_bodies') }} as int_bodies on int_heat_sums.body_number = int_bodies.body_number
    where int_bodies.body_kind = 'account'
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

first_month as (
    select cast({{ dbt.date_trunc('month', 'min(first_event_on)') }} as date) as month
    from accounts
),

{{ screened_days('first_month') }},

{% if is_incremental() %}
-- Every account on the days since the month of the run before, and one that changed since it did.
changed_accounts as (
    select
        accounts.account_id,
        greatest(
            accounts.first_event_on,
            least(
                {{ month_of_run() }},
                coalesce(min(accounts_changed.changed_from), {{ month_of_run() }})
            )
        ) as changed_from
    from accounts
    left join {{ source('config', 'accounts_changed') }} as accounts_changed
        on accounts.account_id = accounts_changed.account_id
    group by accounts.account_id, accounts.first_event_on
),
{% else %}
changed_accounts as (
    select
        account_id,
        first_event_on as changed_from
    from accounts
),
{% endif %}

account_days as (
    select
        changed_accounts.account_id,
        screened_days.as_of_date,
        int_scorecards.scorecard_version,
        {{ add_days('screened_days.as_of_date', -365) }} as year_before
    from changed_accounts
    inner join screened_days on changed_accounts.changed_from <= screened_days.as_of_date
    inner join int_scorecards
        on
            screened_days.as_of_date >= int_scorecards.effective_from
            and coalesce(screened_days.as_of_date < int_scorecards.superseded_from, true)
),

sales_by_day as (
    select
        account_id,
        issued_on,
        sum(total) as revenue,
        max(case when kind = 'invoice' and total > 0 then 1 else 0 end) as is_invoice_day
    from fct_invoices
    group by account_id, issued_on
),

running_sales as (
    select
        account_id,
        issued_on,
        sum(revenue) over account_sales as revenue,
        sum(is_invoice_day) over account_sales as invoice_days
    from sales_by_day
    window account_sales as (
        partition by account_id order by issued_on rows between unbounded preceding and current row
    )
),

first_sales as (
    select
        account_id,
        min(issued_on) as first_invoice_on
    from sales_by_day
    where is_invoice_day = 1
    group by account_id
),

-- What was sold in a year is what was sold until its end less what was sold until its beginning.
sales_then as (
    select
        account_days.account_id,
        account_days.as_of_date,
        account_days.scorecard_version,
        coalesce(until_then.revenue, 0) - coalesce(until_year_before.revenue, 0) as revenue_365d,
        coalesce(until_then.invoice_days, 0) - coalesce(until_year_before.invoice_days, 0) as invoice_days_365d
    from account_days
    asof left join running_sales as until_then
        on
            account_days.account_id = until_then.account_id
            and account_days.as_of_date >= until_then.issued_on
    asof left join running_sales as until_year_before
        on
            account_days.account_id = until_year_before.account_id
            and account_days.year_before >= until_year_before.issued_on
),

heat_then as (
    select
        account_days.account_id,
        account_days.as_of_date,
        {{ total_heat('account_days.as_of_date', 'account_sums.sum_') }} as heat
    from account_days
    asof inner join account_sums
        on
            account_days.account_id = account_sums.account_id
            and account_days.scorecard_version = account_sums.scorecard_version
            and account_days.as_of_date >= account_sums.occurred_on
)

select
    sales_then.as_of_date,
    sales_then.account_id,
    {{ relationship('first_sales.first_invoice_on', 'sales_then.invoice_days_365d', 'sales_then.as_of_date') }}
        as relationship,
    coalesce(heat_then.heat, 0) as heat,
    cast(sales_then.revenue_365d as decimal(38, 4)) as revenue_365d
from sales_then
left join first_sales on sales_then.account_id = first_sales.account_id
left join heat_then
    on
        sales_then.account_id = heat_then.account_id
        and sales_then.as_of_date = heat_then.as_of_date
