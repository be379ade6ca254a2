{{ config(materialized='table') }}

with source as (
    select * from {{ source('raw', 'opportunities') }}
),

versions as (
    {{ current_version('opportunities') }}
),

accounts_named as (
    select
        opportunity_id,
        crm_account_id,
        row_number() over (
            partition by opportunity_id
            order by is_primary desc, updated_at desc nulls last, crm_account_id desc
        ) as preference
    from {{ ref('stg_crm__opportunity_accounts') }}
    where
        is_current
        and not is_deleted
),

merged_away as (
    select distinct opportunity_id
    from {{ ref('stg_crm__opportunity_merges') }}
),

renamed as (
    select
        versions.record_id as opportunity_id,
        versions.opportunity_id as document_id,
        coalesce(versions.source || ':' || versions.account_id, accounts_named.crm_account_id) as crm_account_id,
        versions.stage,
        upper(versions.currency) as currency,
        versions.outcome,
        versions.amount,
        coalesce(versions.is_deleted, false)
        or versions.is_absent
        or merged_away.opportunity_id is not null as is_deleted,
        versions.expected_on,
        {{ reporting_date('versions.opened_at') }} as opened_on,
        {{ reporting_date('versions.closed_at') }} as closed_on,
        versions.opened_at,
        versions.closed_at,
        versions.updated_at,
        versions.source,
        versions.source_file,
        versions.source_row,
        versions.delivery_id,
        versions.is_latest as is_current
    from versions
    left join accounts_named
        on
            versions.record_id = accounts_named.opportunity_id
            and accounts_named.preference = 1
    left join merged_away on versions.record_id = merged_away.opportunity_id
)

select * from renamed
