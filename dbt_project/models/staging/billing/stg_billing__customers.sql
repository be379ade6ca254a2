with source as (
    select * from {{ source('raw', 'billing_customers') }}
),

versions as (
    {{ current_version('billing_customers') }}
),

renamed as (
    select
        record_id as billing_customer_id,
        customer_id as customer_code,
        account_id as crm_account_code,
        name as customer_name,
        country,
        covers_on,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        source || ':' || parent_customer_id as parent_billing_customer_id,
        lower(trim(email)) as email,
        coalesce(is_deleted, false) or is_absent as is_deleted
    from versions
)

select * from renamed
