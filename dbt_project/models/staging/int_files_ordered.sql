-- The one place that says which delivery is the later: file_position, and what is derived from it.
with logical_files as (
    select
        *,
        -- The same file, however packed, and whatever a browser or desktop adds to the name of a copy.
        regexp_replace(
            regexp_replace(source_file, '\.(gz|zip)$', ''),
            '( - Copy| copy)?( ?\([0-9]+\))?(\.[A-Za-z0-9]+)(#.*)?$', '\3\4'
        ) as logical_file,
        -- Without a key each content of a path is a delivery of its own.
        case when is_keyed then 0 else landed_in end as delivered_in
    from {{ source('raw', 'files') }}
),

positions as (
    select
        *,
        dense_rank() over (order by stated_on nulls first, landed_in nulls first) as file_position,
        dense_rank() over (order by source, delivery_key nulls first, delivered_in) as delivery_number
    from logical_files
),

latest as (
    select
        *,
        max(file_position) over (partition by source, kind_of_file, delivery_number, logical_file) as copy_position,
        max(file_position) over (partition by source, kind_of_file, delivery_number) as delivery_position,
        max(file_position) over (partition by source, kind_of_file) as newest_position
    from positions
)

select
    file_id,
    source,
    system,
    feed,
    kind_of_file,
    source_file,
    logical_file,
    delivery_key,
    mode,
    delivery_number,
    file_position,
    landed_in,
    covers_on,
    stated_on,
    coalesce(is_dated, false) as is_dated,
    mode = 'snapshot'
    and (file_position < copy_position or delivery_position < newest_position) as is_outdated
from latest
