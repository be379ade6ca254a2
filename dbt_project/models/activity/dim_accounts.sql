with stg_crm__accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where is_current
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
),

int_customers_listed as (
    select * from {{ ref('int_customers_listed') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

linked_customers as (
    select
        int_customers_linked.account_id,
        min(int_customers_listed.covers_on) as covers_on
    from int_customers_linked
    inner join int_customers_listed
        on int_customers_linked.billing_customer_id = int_customers_listed.billing_customer_id
    where int_customers_linked.account_id is not null
    group by int_customers_linked.account_id
),

crm_accounts as (
    select
        stg_crm__accounts.crm_account_id as account_id,
        stg_crm__accounts.account_code,
        coalesce(stg_crm__accounts.account_name, stg_crm__accounts.account_code) as account_name,
        stg_crm__accounts.account_kind,
        parents.account_id as parent_account_id,
        stg_crm__accounts.owner,
        stg_crm__accounts.country,
        stg_crm__accounts.do_not_contact,
        true as has_crm,
        linked_customers.account_id is not null as has_billing,
        coalesce(stg_crm__accounts.created_on, stg_crm__accounts.covers_on, linked_customers.covers_on) as known_from
    from stg_crm__accounts
    inner join int_accounts_merged
        on
            stg_crm__accounts.crm_account_id = int_accounts_merged.crm_account_id
            and stg_crm__accounts.crm_account_id = int_accounts_merged.account_id
    left join int_accounts_merged as parents
        on
            stg_crm__accounts.parent_crm_account_id = parents.crm_account_id
            and stg_crm__accounts.crm_account_id <> parents.account_id
    left join linked_customers on stg_crm__accounts.crm_account_id = linked_customers.account_id
),

billing_accounts as (
    select
        int_customers_listed.billing_customer_id as account_id,
        int_customers_listed.customer_code as account_code,
        coalesce(int_customers_listed.customer_name, int_customers_listed.customer_code) as account_name,
        cast(null as varchar) as account_kind,
        -- A sub-customer belongs to its parent's account, in CRM or billing.
        parents.account_id as parent_account_id,
        cast(null as varchar) as owner,
        int_customers_listed.country,
        false as do_not_contact,
        false as has_crm,
        true as has_billing,
        int_customers_listed.covers_on as known_from
    from int_customers_listed
    inner join int_customers_linked
        on
            int_customers_listed.billing_customer_id = int_customers_linked.billing_customer_id
            and int_customers_listed.billing_customer_id = int_customers_linked.account_id
    left join int_customers_linked as parents
        on
            int_customers_listed.parent_billing_customer_id = parents.billing_customer_id
            and int_customers_listed.billing_customer_id <> parents.account_id
)

select * from crm_accounts
union all
select * from billing_accounts
