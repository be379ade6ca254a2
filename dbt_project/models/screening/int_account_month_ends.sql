with int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
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
    select cast({{ dbt.date_trunc('month', 'min(valid_from)') }} as date) as month
    from int_temperatures_published
),

{{ month_spine('first_month') }},

screened_days as (
    select {{ add_days(dbt.dateadd('month', 1, 'month'), -1) }} as as_of_date
    from months
    where {{ add_days(dbt.dateadd('month', 1, 'month'), -1) }} < {{ as_of_date() }}
    union all
    select {{ as_of_date() }} as as_of_date
),

temperatures_then as (
    select
        screened_days.as_of_date,
        int_temperatures_published.account_id,
        int_temperatures_published.temperature
    from screened_days
    inner join int_temperatures_published
        on
            screened_days.as_of_date >= int_temperatures_published.valid_from
            and coalesce(screened_days.as_of_date < int_temperatures_published.valid_to, true)
),

sales_then as (
    select
        screened_days.as_of_date,
        fct_invoices.account_id,
        sum(fct_invoices.total) as revenue_365d,
        count(
            distinct case when fct_invoices.kind = 'invoice' and fct_invoices.total > 0 then fct_invoices.issued_on end
        ) as invoice_days_365d
    from screened_days
    inner join fct_invoices
        on
            screened_days.as_of_date >= fct_invoices.issued_on
            and {{ days_between('fct_invoices.issued_on', 'screened_days.as_of_date') }} < 365
    group by screened_days.as_of_date, fct_invoices.account_id
),

first_sales as (
    select
        account_id,
        min(issued_on) as first_invoice_on
    from fct_invoices
    where
        kind = 'invoice'
        and total > 0
    group by account_id
),

heat_then as (
    select
        screened_days.as_of_date,
        account_sums.account_id,
        {{ total_heat('screened_days.as_of_date', 'account_sums.sum_') }} as heat
    from screened_days
    inner join int_scorecards
        on
            screened_days.as_of_date >= int_scorecards.effective_from
            and coalesce(screened_days.as_of_date < int_scorecards.superseded_from, true)
    inner join account_sums on int_scorecards.scorecard_version = account_sums.scorecard_version
    where
        account_sums.occurred_on <= screened_days.as_of_date
        and coalesce(account_sums.next_on > screened_days.as_of_date, true)
)

select
    temperatures_then.as_of_date,
    temperatures_then.account_id,
    temperatures_then.temperature,
    {{ relationship(
        'first_sales.first_invoice_on', 'sales_then.invoice_days_365d', 'temperatures_then.as_of_date'
    ) }} as relationship,
    coalesce(heat_then.heat, 0) as heat,
    coalesce(sales_then.revenue_365d, 0) as revenue_365d
from temperatures_then
left join sales_then
    on
        temperatures_then.account_id = sales_then.account_id
        and temperatures_then.as_of_date = sales_then.as_of_date
left join first_sales on temperatures_then.account_id = first_sales.account_id
left join heat_then
    on
        temperatures_then.account_id = heat_then.account_id
        and temperatures_then.as_of_date = heat_then.as_of_date
