with int_account_month_ends as (
    select * from {{ ref('int_account_month_ends') }}
),

int_account_states as (
    select * from {{ ref('int_account_states') }}
),

int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
),

first_month as (
    select cast({{ dbt.date_trunc('month', 'min(valid_from)') }} as date) as month
    from int_temperatures_published
),

{{ month_ends('first_month') }},

accounts_then as (
    select
        month_ends.as_of_date,
        int_temperatures_published.temperature,
        coalesce(int_account_month_ends.relationship, 'potential') as relationship,
        coalesce(int_account_month_ends.heat, 0) as heat,
        coalesce(int_account_month_ends.revenue_365d, 0) as revenue_365d
    from month_ends
    inner join int_temperatures_published
        on
            month_ends.as_of_date >= int_temperatures_published.valid_from
            and coalesce(month_ends.as_of_date < int_temperatures_published.valid_to, true)
    left join int_account_month_ends
        on
            int_temperatures_published.account_id = int_account_month_ends.account_id
            and month_ends.as_of_date = int_account_month_ends.as_of_date
    union all
    select
        {{ as_of_date() }} as as_of_date,
        temperature,
        relationship,
        heat,
        revenue_365d
    from int_account_states
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
