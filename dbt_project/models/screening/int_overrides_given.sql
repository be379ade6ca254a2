with overrides as (
    select * from {{ source('config', 'overrides') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
),

aliases as (
    select
        billing_customer_id as alias_id,
        account_id
    from int_customers_linked
    union all
    select
        crm_account_id as alias_id,
        account_id
    from int_accounts_merged
)

select
    overrides.temperature,
    overrides.reason,
    overrides.approver,
    overrides.valid_from,
    overrides.valid_until,
    overrides.row_number,
    coalesce(aliases.account_id, overrides.account_id) as account_id
from overrides
left join aliases
    on raw.salesforce_reference(overrides.account_id) = raw.salesforce_reference(aliases.alias_id)
