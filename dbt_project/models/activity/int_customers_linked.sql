with int_customers_listed as (
    select * from {{ ref('int_customers_listed') }}
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
),

stg_crm__accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where is_current
),

account_links as (
    select * from {{ source('config', 'account_links') }}
),

proposed_links as (
    select
        int_customers_listed.billing_customer_id,
        int_accounts_merged.crm_account_id,
        1 as precedence,
        'explicit_key' as linked_by
    from int_customers_listed
    -- Billing may write a Salesforce id with 15 characters; any other key stays as it is.
    inner join int_accounts_merged
        on
            raw.salesforce_id(int_customers_listed.crm_account_code)
            = raw.salesforce_id(int_accounts_merged.account_code)
    union all
    select
        int_customers_listed.billing_customer_id,
        stg_crm__accounts.crm_account_id,
        1 as precedence,
        'explicit_key' as linked_by
    from int_customers_listed
    inner join stg_crm__accounts on int_customers_listed.customer_code = stg_crm__accounts.billing_customer_code
    union all
    select
        int_customers_listed.billing_customer_id,
        int_accounts_merged.crm_account_id,
        2 as precedence,
        'link_table' as linked_by
    from int_customers_listed
    inner join account_links on int_customers_listed.billing_customer_id = account_links.billing_customer_id
    inner join int_accounts_merged
        on
            raw.salesforce_reference(account_links.crm_account_id)
            = raw.salesforce_reference(int_accounts_merged.crm_account_id)
),

account_emails as (
    select
        stg_crm__accounts.email,
        min(stg_crm__accounts.crm_account_id) as crm_account_id,
        count(*) as accounts
    from stg_crm__accounts
    inner join int_accounts_merged
        on
            stg_crm__accounts.crm_account_id = int_accounts_merged.crm_account_id
            and stg_crm__accounts.crm_account_id = int_accounts_merged.account_id
    where stg_crm__accounts.email is not null
    group by stg_crm__accounts.email
),

customer_emails as (
    select
        email,
        min(billing_customer_id) as billing_customer_id,
        count(*) as customers
    from int_customers_listed
    where
        email is not null
        and not is_test
        and not is_deleted
    group by email
),

links as (
    select * from proposed_links
    union all
    select
        customer_emails.billing_customer_id,
        account_emails.crm_account_id,
        3 as precedence,
        'email' as linked_by
    from customer_emails
    inner join account_emails on customer_emails.email = account_emails.email
    where
        customer_emails.customers = 1
        and account_emails.accounts = 1
),

resolved_links as (
    select
        links.billing_customer_id,
        links.precedence,
        links.linked_by,
        int_accounts_merged.account_id,
        int_accounts_merged.excluded_because,
        coalesce(int_accounts_merged.account_id, int_accounts_merged.surviving_crm_account_id) as linked_account_id
    from links
    inner join int_accounts_merged on links.crm_account_id = int_accounts_merged.crm_account_id
),

best_links as (
    select
        billing_customer_id,
        min(precedence) as precedence
    from resolved_links
    where excluded_because is null or excluded_because = 'test_account'
    group by billing_customer_id
),

agreed_links as (
    select
        resolved_links.billing_customer_id,
        min(resolved_links.linked_by) as linked_by,
        min(resolved_links.account_id) as account_id,
        min(resolved_links.excluded_because) as excluded_because,
        count(distinct resolved_links.linked_account_id) as candidates
    from resolved_links
    inner join best_links
        on
            resolved_links.billing_customer_id = best_links.billing_customer_id
            and resolved_links.precedence = best_links.precedence
    where resolved_links.excluded_because is null or resolved_links.excluded_because = 'test_account'
    group by resolved_links.billing_customer_id
),

shared_emails as (
    select int_customers_listed.billing_customer_id
    from int_customers_listed
    inner join customer_emails on int_customers_listed.email = customer_emails.email
    inner join account_emails on customer_emails.email = account_emails.email
    where
        customer_emails.customers > 1
        or account_emails.accounts > 1
),

linked_customers as (
    select
        int_customers_listed.billing_customer_id,
        case
            when int_customers_listed.is_test or agreed_links.excluded_because = 'test_account' then cast(null as varchar)
            when agreed_links.candidates = 1 then agreed_links.account_id
            when int_customers_listed.is_deleted then cast(null as varchar)
            else int_customers_listed.billing_customer_id
        end as account_id,
        case
            when int_customers_listed.is_test or agreed_links.excluded_because = 'test_account' then 'test_account'
            when agreed_links.candidates = 1 then agreed_links.linked_by
            when int_customers_listed.is_deleted then 'deleted_customer'
            when agreed_links.candidates > 1 or shared_emails.billing_customer_id is not null then 'ambiguous'
            else 'unlinked'
        end as linked_by
    from int_customers_listed
    left join agreed_links on int_customers_listed.billing_customer_id = agreed_links.billing_customer_id
    left join shared_emails on int_customers_listed.billing_customer_id = shared_emails.billing_customer_id
),

in_question as (
    select
        int_customers_listed.billing_customer_id,
        int_customers_listed.email,
        lower(trim(int_customers_listed.customer_name)) as customer_name
    from int_customers_listed
    inner join linked_customers
        on int_customers_listed.billing_customer_id = linked_customers.billing_customer_id
    where linked_customers.linked_by in ('ambiguous', 'unlinked')
),

-- Names that many bear tell nobody apart.
account_names as (
    select
        int_accounts_merged.account_id,
        lower(trim(stg_crm__accounts.account_name)) as account_name,
        count(*) over (partition by lower(trim(stg_crm__accounts.account_name))) as accounts
    from stg_crm__accounts
    inner join int_accounts_merged
        on
            stg_crm__accounts.crm_account_id = int_accounts_merged.crm_account_id
            and stg_crm__accounts.crm_account_id = int_accounts_merged.account_id
    where lower(trim(stg_crm__accounts.account_name)) in (select in_question.customer_name from in_question)
),

possible_accounts as (
    select
        in_question.billing_customer_id,
        resolved_links.linked_account_id as account_id
    from in_question
    inner join resolved_links on in_question.billing_customer_id = resolved_links.billing_customer_id
    where resolved_links.excluded_because is null
    union
    select
        in_question.billing_customer_id,
        int_accounts_merged.account_id
    from in_question
    inner join stg_crm__accounts on in_question.email = stg_crm__accounts.email
    inner join int_accounts_merged on stg_crm__accounts.crm_account_id = int_accounts_merged.crm_account_id
    where int_accounts_merged.account_id is not null
    union
    select
        in_question.billing_customer_id,
        account_names.account_id
    from in_question
    inner join account_names on in_question.customer_name = account_names.account_name
    where account_names.accounts <= 10
),

candidates as (
    select
        billing_customer_id,
        {{ dbt.listagg('account_id', "', '", 'order by account_id') }} as candidates
    from possible_accounts
    group by billing_customer_id
)

select
    linked_customers.billing_customer_id,
    linked_customers.account_id,
    linked_customers.linked_by,
    candidates.candidates
from linked_customers
left join candidates on linked_customers.billing_customer_id = candidates.billing_customer_id
