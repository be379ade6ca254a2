with files as (
    select * from {{ source('raw', 'files') }}
),

int_rows_by_file as (
    select * from {{ ref('int_rows_by_file') }}
),

kept as (
    select
        file_id,
        rows_loaded,
        0 as rows_quarantined,
        0 as rows_excluded,
        money_loaded,
        0 as money_quarantined,
        0 as money_excluded
    from int_rows_by_file
    union all
    select
        file_id,
        0 as rows_loaded,
        count(*) as rows_quarantined,
        0 as rows_excluded,
        0 as money_loaded,
        sum(amount) as money_quarantined,
        0 as money_excluded
    from {{ source('raw', 'quarantine') }}
    group by file_id
    union all
    select
        file_id,
        0 as rows_loaded,
        0 as rows_quarantined,
        count(*) as rows_excluded,
        0 as money_loaded,
        0 as money_quarantined,
        sum(amount) as money_excluded
    from {{ source('raw', 'excluded') }}
    group by file_id
),

kept_by_file as (
    select
        file_id,
        sum(rows_loaded) as rows_loaded,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_excluded) as rows_excluded,
        sum(money_loaded) as money_loaded,
        sum(money_quarantined) as money_quarantined,
        sum(money_excluded) as money_excluded
    from kept
    group by file_id
),

figures as (
    select
        files.file_id,
        files.source,
        files.feed,
        files.source_file,
        cast(coalesce(files.rows_read, 0) as bigint) as rows_read,
        cast(coalesce(kept_by_file.rows_loaded, 0) as bigint) as rows_loaded,
        cast(coalesce(kept_by_file.rows_quarantined, 0) as bigint) as rows_quarantined,
        cast(coalesce(kept_by_file.rows_excluded, 0) as bigint) as rows_excluded,
        -- Feeds without money read none.
        cast(coalesce(files.money_read, 0) as decimal(38, 4)) as money_read,
        cast(coalesce(kept_by_file.money_loaded, 0) as decimal(38, 4)) as money_loaded,
        cast(coalesce(kept_by_file.money_quarantined, 0) as decimal(38, 4)) as money_quarantined,
        cast(coalesce(kept_by_file.money_excluded, 0) as decimal(38, 4)) as money_excluded
    from files
    left join kept_by_file on files.file_id = kept_by_file.file_id
)

select
    *,
    cast(abs(money_read - money_loaded - money_quarantined - money_excluded) as decimal(38, 4)) as money_difference,
    abs(rows_read - rows_loaded - rows_quarantined - rows_excluded) as rows_difference
from figures
