with int_accounts_first_seen as (
    select account_id from {{ ref('int_accounts_first_seen') }}
),

int_account_groups as (
    select * from {{ ref('int_account_groups') }}
    where accounts > 1
),

members as (
    select
        'account' as body_kind,
        account_id as body_id,
        account_id
    from int_accounts_first_seen
    union all
    select
        'group' as body_kind,
        group_id as body_id,
        account_id
    from int_account_groups
)

select
    cast(dense_rank() over (order by body_kind, body_id) as integer) as body_number,
    body_kind,
    body_id,
    account_id
from members
