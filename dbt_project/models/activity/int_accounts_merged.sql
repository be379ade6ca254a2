with recursive stg_crm__accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where is_current
),

stg_crm__account_merges as (
    select * from {{ ref('stg_crm__account_merges') }}
),

merges_named as (
    select
        crm_account_id,
        merged_into_crm_account_id
    from stg_crm__accounts
    where merged_into_crm_account_id is not null
    union
    select
        crm_account_id,
        merged_into_crm_account_id
    from stg_crm__account_merges
),

-- Each pair once, so that a circle of merges ends.
merge_chains as (
    select
        crm_account_id,
        merged_into_crm_account_id as reached_id
    from merges_named
    union
    select
        merge_chains.crm_account_id,
        merges_named.merged_into_crm_account_id as reached_id
    from merge_chains
    inner join merges_named on merge_chains.reached_id = merges_named.crm_account_id
),

chain_ends as (
    select
        merge_chains.crm_account_id,
        merge_chains.reached_id,
        coalesce(not stg_crm__accounts.is_deleted, false) as is_living,
        row_number() over (
            partition by merge_chains.crm_account_id
            order by stg_crm__accounts.is_deleted asc nulls last, merge_chains.reached_id desc
        ) as end_rank
    from merge_chains
    left join stg_crm__accounts on merge_chains.reached_id = stg_crm__accounts.crm_account_id
    where merge_chains.reached_id not in (select merges_named.crm_account_id from merges_named)
),

-- An account that was merged away need not be delivered itself.
known_accounts as (
    select
        crm_account_id,
        account_code
    from stg_crm__accounts
    union
    select
        crm_account_id,
        account_code
    from stg_crm__account_merges
),

led_to_survivors as (
    select
        known_accounts.crm_account_id,
        known_accounts.account_code,
        other_ends.reached_id as other_surviving_crm_account_id,
        coalesce(chain_ends.reached_id, known_accounts.crm_account_id) as surviving_crm_account_id
    from known_accounts
    left join chain_ends
        on
            known_accounts.crm_account_id = chain_ends.crm_account_id
            and chain_ends.end_rank = 1
    left join chain_ends as other_ends
        on
            known_accounts.crm_account_id = other_ends.crm_account_id
            and other_ends.end_rank = 2
            and other_ends.is_living
),

survivors as (
    select
        led_to_survivors.*,
        case
            when survivor.crm_account_id is null then 'unknown_account'
            when survivor.is_deleted then 'deleted_account'
            when
                regexp_matches(survivor.account_name, '{{ var("test_account_name_pattern") }}')
                or regexp_matches(coalesce(survivor.email, ''), '{{ var("test_account_email_pattern") }}')
                then 'test_account'
        end as excluded_because
    from led_to_survivors
    left join stg_crm__accounts as survivor on led_to_survivors.surviving_crm_account_id = survivor.crm_account_id
)

select
    crm_account_id,
    account_code,
    surviving_crm_account_id,
    other_surviving_crm_account_id,
    excluded_because,
    case when excluded_because is null then surviving_crm_account_id end as account_id
from survivors
