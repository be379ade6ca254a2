with recursive stg_crm__accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where is_current
),

merge_chains as (
    select
        crm_account_id,
        crm_account_id as reached_id,
        0 as hops
    from stg_crm__accounts
    union all
    select
        merge_chains.crm_account_id,
        stg_crm__accounts.merged_into_crm_account_id as reached_id,
        merge_chains.hops + 1 as hops
    from merge_chains
    inner join stg_crm__accounts on merge_chains.reached_id = stg_crm__accounts.crm_account_id
    where
        stg_crm__accounts.merged_into_crm_account_id is not null
        and merge_chains.hops < 100
),

chain_ends as (
    select
        crm_account_id,
        reached_id,
        row_number() over (partition by crm_account_id order by hops desc) as end_rank
    from merge_chains
),

survivors as (
    select
        chain_ends.crm_account_id,
        chain_ends.reached_id as surviving_crm_account_id,
        case
            when survivor.crm_account_id is null then 'unknown_account'
            when survivor.is_deleted then 'deleted_account'
            when
                regexp_matches(survivor.account_name, '{{ var("test_account_name_pattern") }}')
                or regexp_matches(coalesce(survivor.email, ''), '{{ var("test_account_email_pattern") }}')
                then 'test_account'
        end as excluded_because
    from chain_ends
    left join stg_crm__accounts as survivor on chain_ends.reached_id = survivor.crm_account_id
    where chain_ends.end_rank = 1
)

select
    crm_account_id,
    surviving_crm_account_id,
    excluded_because,
    case when excluded_because is null then surviving_crm_account_id end as account_id
from survivors
