with int_activity_records as (
    select * from {{ ref('int_activity_records') }}
    where class = 'unattributed'
)

select
    cast({{ dbt.date_trunc('month', 'dated_on') }} as date) as month,
    feed,
    unattributed_reason as reason,
    cast(count(*) as integer) as records
from int_activity_records
group by 1, 2, 3
