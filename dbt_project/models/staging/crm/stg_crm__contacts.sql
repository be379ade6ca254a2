with source as (
    select * from {{ source('raw', 'contacts') }}
),

versions as (
    {{ current_version('contacts') }}
),

renamed as (
    select
        record_id as contact_id,
        name as contact_name,
        role as contact_role,
        phone,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        source || ':' || account_id as crm_account_id,
        lower(trim(email)) as email,
        coalesce(is_deleted, false) or is_absent as is_deleted
    from versions
)

select * from renamed
