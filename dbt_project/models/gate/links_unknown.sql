with account_links as (
    select * from {{ source('config', 'account_links') }}
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
),

int_customers_listed as (
    select * from {{ ref('int_customers_listed') }}
),

links_looked_up as (
    select
        account_links.crm_account_id,
        account_links.billing_customer_id,
        account_links.row_number,
        raw.salesforce_reference(account_links.crm_account_id) not in (
            select raw.salesforce_reference(int_accounts_merged.crm_account_id) from int_accounts_merged
        ) as is_account_unknown,
        account_links.billing_customer_id not in (
            select int_customers_listed.billing_customer_id from int_customers_listed
        ) as is_customer_unknown
    from account_links
)

select
    crm_account_id,
    billing_customer_id,
    row_number,
    is_account_unknown,
    is_customer_unknown
from links_looked_up
where
    is_account_unknown
    or is_customer_unknown
