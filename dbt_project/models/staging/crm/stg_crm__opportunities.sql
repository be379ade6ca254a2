{{ config(materialized='table') }}

with source as (
    select * from {{ source('raw', 'opportunities') }}
),

versions as (
    {{ current_version('opportunities', 'opportunity_id', [
        'account_id', 'opened_at', 'stage', 'amount', 'currency', 'expected_on', 'closed_at',
        'outcome', 'is_deleted'
    ]) }}
),

renamed as (
    select
        record_id as opportunity_id,
        opportunity_id as document_id,
        source || ':' || account_id as crm_account_id,
        stage,
        upper(currency) as currency,
        outcome,
        amount,
        coalesce(is_deleted, false) or is_absent as is_deleted,
        expected_on,
        {{ reporting_date('opened_at') }} as opened_on,
        {{ reporting_date('closed_at') }} as closed_on,
        opened_at,
        closed_at,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current
    from versions
)

select * from renamed
