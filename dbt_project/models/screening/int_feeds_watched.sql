with files as (
    select * from {{ source('raw', 'files') }}
),

record_days as (
    select * from {{ source('raw', 'record_days') }}
),

ended_feeds as (
    select * from {{ source('raw', 'ended_feeds') }}
    where ended_on <= {{ as_of_date() }}
),

feeds_optional_when_empty as (
    select * from {{ source('raw', 'feeds_optional_when_empty') }}
),

newest_records as (
    select
        file_id,
        max(recorded_on) as recorded_on
    from record_days
    where recorded_on <= {{ as_of_date() }}
    group by file_id
),

-- What is dated later, a delivery or a record, covers nothing yet; records count where no day is declared.
days_covered as (
    select distinct
        files.source,
        files.system,
        files.feed,
        files.kind_of_file,
        files.expected_every_days,
        case when files.covers_on <= {{ as_of_date() }} then files.covers_on end as covers_on,
        case
            when files.covers_on <= {{ as_of_date() }} then files.covers_on
            else newest_records.recorded_on
        end as covered_on
    from files
    left join newest_records on files.file_id = newest_records.file_id
    where
        files.covers_on <= {{ as_of_date() }}
        or newest_records.recorded_on is not null
),

-- Where nothing comes but with records, what other kinds of file cover is covered for it too.
deliveries as (
    select
        source,
        max(covers_on) as covered_on
    from days_covered
    group by source
),

watermarks as (
    select
        source,
        feed,
        kind_of_file,
        min(system) as system,
        min(expected_every_days) as expected_every_days,
        min(covered_on) as first_covered_on,
        max(covered_on) as own_watermark_on
    from days_covered
    group by source, feed, kind_of_file
),

feeds as (
    select
        watermarks.*,
        case
            when feeds_optional_when_empty.source is not null and deliveries.covered_on > watermarks.own_watermark_on
                then deliveries.covered_on
            else watermarks.own_watermark_on
        end as watermark_on
    from watermarks
    inner join deliveries on watermarks.source = deliveries.source
    left join feeds_optional_when_empty
        on
            watermarks.source = feeds_optional_when_empty.source
            and watermarks.kind_of_file = feeds_optional_when_empty.kind_of_file
)

select
    feeds.source || ':' || feeds.kind_of_file as feed_id,
    feeds.source,
    feeds.feed,
    feeds.kind_of_file,
    feeds.system,
    feeds.expected_every_days,
    -- A feed declared ended has nothing left to deliver.
    ended_feeds.ended_on is null
    and coalesce(
        {{ days_between('feeds.watermark_on', as_of_date()) }} >= feeds.expected_every_days, false
    ) as is_late,
    {{ days_between('feeds.watermark_on', as_of_date()) }} as days_behind,
    feeds.first_covered_on,
    feeds.watermark_on
from feeds
left join ended_feeds
    on
        feeds.source = ended_feeds.source
        and feeds.kind_of_file = ended_feeds.feed
