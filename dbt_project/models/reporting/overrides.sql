with overrides as (
    select * from {{ source('config', 'overrides') }}
)

select
    account_id,
    temperature,
    reason,
    approver,
    valid_from,
    valid_until
from overrides
