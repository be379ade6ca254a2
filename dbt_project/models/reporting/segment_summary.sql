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

-- From the end of which month on a temperature has so many accounts more or less.
temperature_changes as (
    select
        {{ end_of_month('valid_from') }} as changed_on,
        temperature,
        1 as accounts
    from int_temperatures_published
    union all
    select
        {{ end_of_month('valid_to') }} as changed_on,
        temperature,
        -1 as accounts
    from int_temperatures_published
    where valid_to is not null
),

temperature_changes_by_month as (
    select
        changed_on,
        temperature,
        sum(accounts) as accounts
    from temperature_changes
    group by changed_on, temperature
),

accounts_by_temperature as (
    select
        month_ends.as_of_date,
        temperature_changes_by_month.temperature,
        sum(temperature_changes_by_month.accounts) as accounts
    from month_ends
    inner join temperature_changes_by_month on month_ends.as_of_date >= temperature_changes_by_month.changed_on
    group by month_ends.as_of_date, temperature_changes_by_month.temperature
),

engaged_accounts as (
    select
        int_account_month_ends.as_of_date,
        int_temperatures_published.temperature,
        int_account_month_ends.relationship,
        count(*) as accounts,
        sum(int_account_month_ends.heat) as heat,
        sum(int_account_month_ends.revenue_365d) as revenue_365d
    from int_account_month_ends
    inner join int_temperatures_published
        on
            int_account_month_ends.account_id = int_temperatures_published.account_id
            and int_account_month_ends.as_of_date >= int_temperatures_published.valid_from
            and coalesce(int_account_month_ends.as_of_date < int_temperatures_published.valid_to, true)
    group by
        int_account_month_ends.as_of_date,
        int_temperatures_published.temperature,
        int_account_month_ends.relationship
),

segments as (
    select
        as_of_date,
        temperature,
        relationship,
        accounts,
        heat,
        revenue_365d
    from engaged_accounts
    union all
    -- The others, of which nothing was known yet.
    select
        as_of_date,
        temperature,
        'potential' as relationship,
        sum(accounts) as accounts,
        0 as heat,
        0 as revenue_365d
    from (
        select
            as_of_date,
            temperature,
            accounts
        from accounts_by_temperature
        union all
        select
            as_of_date,
            temperature,
            -accounts as accounts
        from engaged_accounts
    ) as accounts_less_engaged
    group by as_of_date, temperature
    having sum(accounts) > 0
    union all
    select
        {{ as_of_date() }} as as_of_date,
        temperature,
        relationship,
        1 as accounts,
        heat,
        revenue_365d
    from int_account_states
)

select
    as_of_date,
    temperature,
    relationship,
    cast(sum(accounts) as integer) as accounts,
    cast(sum(heat) as decimal(18, 9)) as heat,
    cast(sum(revenue_365d) as decimal(18, 4)) as revenue_365d
from segments
group by as_of_date, temperature, relationship
