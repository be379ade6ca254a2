with source as (
    select
        *,
        communication_id || ' ' || account_id as association
    from {{ source('raw', 'communication_accounts') }}
),

versions as (
    {{ current_version('communication_accounts') }}
),

renamed as (
    select
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        source || ':' || communication_id as communication_id,
        source || ':' || account_id as crm_account_id,
        coalesce(is_deleted, false) or is_absent as is_deleted
    from versions
)

select * from renamed
