with source as (
    select
        *,
        concat_ws(' ', opportunity_id, account_id, association_type) as association
    from {{ source('raw', 'opportunity_accounts') }}
),

versions as (
    {{ current_version('opportunity_accounts') }}
),

renamed as (
    select
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        source || ':' || opportunity_id as opportunity_id,
        source || ':' || account_id as crm_account_id,
        coalesce(is_primary, false) as is_primary,
        coalesce(is_deleted, false) or is_absent as is_deleted
    from versions
)

select * from renamed
