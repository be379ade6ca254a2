-- An account without a topmost parent sits in a cycle of parents: its group could never be screened.
select dim_accounts.account_id
from {{ ref('dim_accounts') }} as dim_accounts
left join {{ ref('int_account_groups') }} as int_account_groups
    on dim_accounts.account_id = int_account_groups.account_id
where int_account_groups.account_id is null
