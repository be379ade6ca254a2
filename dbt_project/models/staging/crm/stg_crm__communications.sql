{{ config(materialized='table') }}

with source as (
    select * from {{ source('raw', 'communications') }}
),

versions as (
    {{ current_version('communications') }}
),

accounts_named as (
    select
        communication_id,
        crm_account_id,
        row_number() over (
            partition by communication_id
            order by updated_at desc nulls last, crm_account_id desc
        ) as preference
    from {{ ref('stg_crm__communication_accounts') }}
    where
        is_current
        and not is_deleted
),

renamed as (
    select
        versions.record_id as communication_id,
        versions.communication_id as document_id,
        coalesce(versions.source || ':' || versions.account_id, accounts_named.crm_account_id) as crm_account_id,
        versions.source || ':' || versions.contact_id as contact_id,
        versions.channel,
        versions.direction,
        versions.outcome,
        versions.subject,
        coalesce(versions.is_deleted, false) or versions.is_absent as is_deleted,
        {{ reporting_date('versions.occurred_at') }} as occurred_on,
        versions.occurred_at,
        versions.updated_at,
        versions.source,
        versions.source_file,
        versions.source_row,
        versions.delivery_id,
        versions.is_latest as is_current
    from versions
    left join accounts_named
        on
            versions.record_id = accounts_named.communication_id
            and accounts_named.preference = 1
)

select * from renamed
