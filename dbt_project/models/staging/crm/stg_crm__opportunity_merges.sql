-- A merge is never undone, so every version that names one counts.
with files as (
    select
        file_id,
        source
    from {{ source('raw', 'files') }}
),

named_in_tables as (
    select
        files.source,
        merges_named.opportunity_id,
        merges_named.merged_into_opportunity_id
    from {{ source('raw', 'opportunity_merges') }} as merges_named
    inner join files on merges_named.file_id = files.file_id
),

named_by_survivors as (
    select
        files.source,
        trim(unnest(string_split_regex(records.merged_opportunity_ids, '[;,]'))) as opportunity_id,
        records.opportunity_id as merged_into_opportunity_id
    from {{ source('raw', 'opportunities') }} as records
    inner join files on records.file_id = files.file_id
    where records.merged_opportunity_ids is not null
),

merges_named as (
    select * from named_in_tables
    union
    select * from named_by_survivors
)

select
    source || ':' || opportunity_id as opportunity_id,
    source || ':' || merged_into_opportunity_id as merged_into_opportunity_id
from merges_named
where
    opportunity_id <> ''
    and opportunity_id <> merged_into_opportunity_id
