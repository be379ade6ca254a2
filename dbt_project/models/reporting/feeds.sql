with int_feeds_watched as (
    select * from {{ ref('int_feeds_watched') }}
),

int_feed_gaps as (
    select * from {{ ref('int_feed_gaps') }}
),

gaps_by_feed as (
    select
        source,
        kind_of_file,
        count(*) as gaps,
        {{ dbt.listagg(
            "cast(missing_from as varchar) || ' to ' || cast(missing_until as varchar)", "'; '", "order by missing_from"
        ) }} as gap_days
    from int_feed_gaps
    group by source, kind_of_file
)

select
    int_feeds_watched.feed_id,
    int_feeds_watched.source,
    int_feeds_watched.feed,
    int_feeds_watched.system,
    cast(int_feeds_watched.expected_every_days as integer) as rhythm_days,
    int_feeds_watched.watermark_on,
    int_feeds_watched.is_late,
    cast(int_feeds_watched.days_behind as integer) as days_behind,
    cast(coalesce(gaps_by_feed.gaps, 0) as integer) as gaps,
    gaps_by_feed.gap_days,
    int_feeds_watched.kind_of_file
from int_feeds_watched
left join gaps_by_feed
    on
        int_feeds_watched.source = gaps_by_feed.source
        and int_feeds_watched.kind_of_file = gaps_by_feed.kind_of_file
