-- A merge is never undone, so every version that names one counts.
with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

named_in_tables as (
    select
        files.source,
        files.source_file,
        merges_named.source_row,
        merges_named.account_id,
        merges_named.merged_into_account_id
    from {{ source('raw', 'account_merges') }} as merges_named
    inner join files on merges_named.file_id = files.file_id
),

named_by_survivors as (
    select
        files.source,
        files.source_file,
        records.source_row,
        trim(unnest(string_split_regex(records.merged_account_ids, '[;,]'))) as account_id,
        records.account_id as merged_into_account_id
    from {{ source('raw', 'accounts') }} as records
    inner join files on records.file_id = files.file_id
    where records.merged_account_ids is not null
),

merges_named as (
    select * from named_in_tables
    union
    select * from named_by_survivors
)

select
    source,
    source_file,
    source_row,
    account_id as account_code,
    source || ':' || account_id as crm_account_id,
    source || ':' || merged_into_account_id as merged_into_crm_account_id
from merges_named
where
    account_id <> ''
    and account_id <> merged_into_account_id
