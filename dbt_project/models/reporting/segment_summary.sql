with int_account_month_ends as (
    select * from {{ ref('int_account_month_ends') }}
)

select
    as_of_date,
    temperature,
    relationship,
    cast(count(*) as integer) as accounts,
    cast(sum(heat) as decimal(18, 9)) as heat,
    cast(sum(revenue_365d) as decimal(18, 4)) as revenue_365d
from int_account_month_ends
group by as_of_date, temperature, relationship
