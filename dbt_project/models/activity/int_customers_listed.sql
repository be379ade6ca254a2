with stg_billing__customers as (
    select * from {{ ref('stg_billing__customers') }}
),

int_invoices_united as (
    select * from {{ ref('int_invoices_united') }}
    -- Whom we owe is no customer.
    where kind <> 'payable'
),

sources_with_a_customer_list as (
    select distinct source
    from stg_billing__customers
),

invoices_without_a_customer_list as (
    select int_invoices_united.*
    from int_invoices_united
    left join sources_with_a_customer_list on int_invoices_united.source = sources_with_a_customer_list.source
    where sources_with_a_customer_list.source is null
),

named_on_invoices as (
    select
        source,
        lines_customer_code as customer_code,
        max(customer_name) as customer_name,
        max(customer_email) as email,
        max(country) as country
    from invoices_without_a_customer_list
    where lines_customer_code is not null
    group by source, lines_customer_code
    union all
    select distinct
        source,
        customer_code,
        cast(null as varchar) as customer_name,
        cast(null as varchar) as email,
        cast(null as varchar) as country
    from invoices_without_a_customer_list
    where customer_code is not null
),

named_on_invoices_only as (
    select
        source,
        customer_code,
        source || ':' || customer_code as billing_customer_id,
        max(customer_name) as customer_name,
        max(email) as email,
        max(country) as country
    from named_on_invoices
    group by source, customer_code
),

customers as (
    select
        source,
        billing_customer_id,
        customer_code,
        crm_account_code,
        parent_billing_customer_id,
        customer_name,
        email,
        country,
        is_deleted,
        covers_on
    from stg_billing__customers
    where is_current
    union all
    select
        source,
        billing_customer_id,
        customer_code,
        cast(null as varchar) as crm_account_code,
        cast(null as varchar) as parent_billing_customer_id,
        customer_name,
        email,
        country,
        false as is_deleted,
        cast(null as date) as covers_on
    from named_on_invoices_only
)

select
    source,
    billing_customer_id,
    customer_code,
    crm_account_code,
    parent_billing_customer_id,
    customer_name,
    email,
    country,
    is_deleted,
    regexp_matches(coalesce(customer_name, ''), '{{ var("test_account_name_pattern") }}')
    or regexp_matches(coalesce(email, ''), '{{ var("test_account_email_pattern") }}') as is_test,
    covers_on
from customers
