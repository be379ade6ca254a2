{{ config(materialized='table') }}

with source as (
    select * from {{ source('raw', 'accounts') }}
),

versions as (
    {{ current_version('accounts') }}
),

renamed as (
    select
        record_id as crm_account_id,
        account_id as account_code,
        billing_customer_id as billing_customer_code,
        name as account_name,
        kind as account_kind,
        owner,
        country,
        phone,
        created_on,
        covers_on,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        source || ':' || parent_account_id as parent_crm_account_id,
        source || ':' || merged_into_account_id as merged_into_crm_account_id,
        lower(trim(email)) as email,
        coalesce(do_not_contact, false) as do_not_contact,
        coalesce(is_deleted, false) or is_absent as is_deleted
    from versions
)

select * from renamed
