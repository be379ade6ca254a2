with files as (
    select * from {{ source('raw', 'files') }}
),

days_covered as (
    select distinct
        source,
        system,
        feed,
        rhythm_days,
        coalesce(covers_on, last_record_on) as covered_on
    from files
    where coalesce(covers_on, last_record_on) <= {{ as_of_date() }}
),

watermarks as (
    select
        source,
        feed,
        min(system) as system,
        min(rhythm_days) as rhythm_days,
        min(covered_on) as first_covered_on,
        max(covered_on) as watermark_on
    from days_covered
    group by source, feed
)

select
    source || ':' || feed as feed_id,
    source,
    feed,
    system,
    rhythm_days,
    coalesce({{ days_between('watermark_on', as_of_date()) }} >= rhythm_days, false) as is_late,
    {{ days_between('watermark_on', as_of_date()) }} as days_behind,
    first_covered_on,
    watermark_on
from watermarks
