with int_account_month_ends as (
    select * from {{ ref('int_account_month_ends') }}
),

int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
),

first_month as (
    select cast({{ dbt.date_trunc('month', 'min(valid_from)') }} as date) as month
    from int_temperatures_published
),

{{ screened_days('first_month') }},

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

accounts_then as (
    select
        temperatures_then.as_of_date,
        temperatures_then.temperature,
        coalesce(int_account_month_ends.relationship, 'potential') as relationship,
        coalesce(int_account_month_ends.heat, 0) as heat,
        coalesce(int_account_month_ends.revenue_365d, 0) as revenue_365d
    from temperatures_then
    left join int_account_month_ends
        on
            temperatures_then.account_id = int_account_month_ends.account_id
            and temperatures_then.as_of_date = int_account_month_ends.as_of_date
)

select
    as_of_date,
    temperature,
    relationship,
    cast(count(*) as integer) as accounts,
    cast(sum(heat) as decimal(18, 9)) as heat,
    cast(sum(revenue_365d) as decimal(18, 4)) as revenue_365d
from accounts_then
group by as_of_date, temperature, relationship
