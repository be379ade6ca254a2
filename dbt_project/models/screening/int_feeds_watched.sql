with files as (
    select * from {{ source('raw', 'files') }}
),

ended_feeds as (
    select * from {{ source('raw', 'ended_feeds') }}
    where ended_on <= {{ as_of_date() }}
),

days_covered as (
    select distinct
        source,
        system,
        feed,
        kind_of_file,
        rhythm_days,
        coalesce(covers_on, last_record_on) as covered_on
    from files
    where coalesce(covers_on, last_record_on) <= {{ as_of_date() }}
),

watermarks as (
    select
        source,
        feed,
        kind_of_file,
        min(system) as system,
        min(rhythm_days) as rhythm_days,
        min(covered_on) as first_covered_on,
        max(covered_on) as watermark_on
    from days_covered
    group by source, feed, kind_of_file
)

select
    watermarks.source || ':' || watermarks.kind_of_file as feed_id,
    watermarks.source,
    watermarks.feed,
    watermarks.kind_of_file,
    watermarks.system,
    watermarks.rhythm_days,
    -- A feed declared ended has nothing left to deliver.
    ended_feeds.ended_on is null
    and coalesce(
        {{ days_between('watermarks.watermark_on', as_of_date()) }} >= watermarks.rhythm_days, false
    ) as is_late,
    {{ days_between('watermarks.watermark_on', as_of_date()) }} as days_behind,
    watermarks.first_covered_on,
    watermarks.watermark_on
from watermarks
left join ended_feeds
    on
        watermarks.source = ended_feeds.source
        and watermarks.kind_of_file = ended_feeds.feed
