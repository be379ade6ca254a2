with source as (
    select
        lookup,
        lookup_key,
        lookup_value,
        updated_at,
        file_id,
        source_row,
        lookup || ':' || lookup_key as own_key
    from {{ source('raw', 'lookups') }}
),

versions as (
    {{ current_version('lookups') }}
),

-- Two values in one file: neither is the later one.
values_found as (
    select
        source,
        lookup,
        lookup_key,
        source_file,
        count(distinct lookup_value) as values_found
    from versions
    group by source, lookup, lookup_key, source_file
)

select
    versions.source,
    versions.lookup,
    versions.lookup_key,
    versions.lookup_value,
    values_found.values_found > 1 as is_ambiguous
from versions
inner join values_found
    on
        versions.source = values_found.source
        and versions.lookup = values_found.lookup
        and versions.lookup_key = values_found.lookup_key
        and versions.source_file = values_found.source_file
where
    versions.is_latest
    and not versions.is_absent
