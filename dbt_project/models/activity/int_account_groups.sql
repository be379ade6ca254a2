with recursive dim_accounts as (
    select
        account_id,
        account_name,
        parent_account_id
    from {{ ref('dim_accounts') }}
),

descents as (
    select
        account_id as group_id,
        account_name as group_name,
        account_id
    from dim_accounts
    where parent_account_id is null
    union all
    select
        descents.group_id,
        descents.group_name,
        dim_accounts.account_id
    from descents
    inner join dim_accounts on descents.account_id = dim_accounts.parent_account_id
)

select
    group_id,
    group_name,
    account_id,
    count(*) over (partition by group_id) as accounts
from descents
