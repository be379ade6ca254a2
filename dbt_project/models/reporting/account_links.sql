with int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
    where account_id is not null
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
    where
        account_id is not null
        and account_id <> crm_account_id
)

select
    billing_customer_id as alias_id,
    account_id,
    'billing_customer' as alias_kind,
    linked_by,
    candidates
from int_customers_linked
union all
select
    crm_account_id as alias_id,
    account_id,
    'merged_account' as alias_kind,
    'merge' as linked_by,
    cast(null as varchar) as candidates
from int_accounts_merged
