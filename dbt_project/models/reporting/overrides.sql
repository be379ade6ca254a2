with int_overrides_given as (
    select * from {{ ref('int_overrides_given') }}
)

select
    account_id,
    temperature,
    reason,
    approver,
    valid_from,
    valid_until
from int_overrides_given
