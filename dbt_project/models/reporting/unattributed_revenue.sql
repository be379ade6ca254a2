with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'unattributed'
)

select
    cast({{ dbt.date_trunc('month', 'issued_on') }} as date) as month,
    unattributed_reason as reason,
    cast(count(*) as integer) as documents,
    cast(sum(total) as decimal(18, 4)) as revenue
from fct_invoices
group by 1, 2
