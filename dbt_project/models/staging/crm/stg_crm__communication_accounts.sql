with source as (
    select * from {{ source('raw', 'communication_accounts') }}
),

versions as (
    {{ current_version('communication_accounts', 'communication_id', ['account_id', 'is_deleted']) }}
),

renamed as (
    select
        record_id as communication_id,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        source || ':' || account_id as crm_account_id,
        coalesce(is_deleted, false) or is_absent as is_deleted,
        version_rank = 1 as is_current
    from versions
)

select * from renamed
