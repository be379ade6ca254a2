{{ config(materialized='table') }}

with source as (
    select * from {{ source('raw', 'feedback') }}
),

versions as (
    {{ current_version('feedback') }}
),

renamed as (
    select
        record_id as feedback_id,
        feedback_id as document_id,
        source || ':' || account_id as crm_account_id,
        kind,
        comment,
        -- -1 at the scale's lower end, 1 at its upper; without a scale there is no telling.
        cast(
            greatest(-1, least(1, 2 * (score - scale_min) / nullif(scale_max - scale_min, 0) - 1)) as decimal(18, 9)
        ) as normalised_score,
        score,
        coalesce(is_deleted, false) or is_absent as is_deleted,
        {{ reporting_date('given_at') }} as given_on,
        {{ reporting_date('resolved_at') }} as resolved_on,
        given_at,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current
    from versions
)

select * from renamed
