{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'communications'}
) }}

with source as (
    select * from {{ source('raw', 'communications') }}
    {{ where_delivered('communications', 'communication_id') }}
),

versions as (
    {{ current_version('communications', 'communication_id', [
        'account_id', 'contact_id', 'occurred_at', 'channel', 'direction', 'outcome',
        'subject', 'is_deleted'
    ]) }}
),

renamed as (
    select
        record_id as communication_id,
        communication_id as document_id,
        source || ':' || account_id as crm_account_id,
        source || ':' || contact_id as contact_id,
        channel,
        direction,
        outcome,
        subject,
        coalesce(is_deleted, false) or is_absent as is_deleted,
        {{ reporting_date('occurred_at') }} as occurred_on,
        occurred_at,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        version_rank = 1 as is_current
    from versions
)

select * from renamed
