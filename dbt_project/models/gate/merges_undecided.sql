with int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
    where other_surviving_crm_account_id is not null
),

stg_crm__account_merges as (
    select * from {{ ref('stg_crm__account_merges') }}
),

stg_crm__accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where
        is_current
        and merged_into_crm_account_id is not null
),

records_naming_merges as (
    select
        crm_account_id,
        source,
        source_file,
        source_row
    from stg_crm__account_merges
    union
    select
        crm_account_id,
        source,
        source_file,
        source_row
    from stg_crm__accounts
)

select
    int_accounts_merged.crm_account_id,
    int_accounts_merged.surviving_crm_account_id,
    int_accounts_merged.other_surviving_crm_account_id,
    records_naming_merges.source,
    records_naming_merges.source_file,
    records_naming_merges.source_row
from int_accounts_merged
inner join records_naming_merges on int_accounts_merged.crm_account_id = records_naming_merges.crm_account_id
