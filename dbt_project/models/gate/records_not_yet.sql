with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

int_activity_records as (
    select * from {{ ref('int_activity_records') }}
    where class not in ('superseded', 'deleted')
),

records as (
    select
        'invoices' as feed,
        issued_on as dated_on,
        source,
        source_file,
        source_row
    from fct_invoices
    union all
    select
        feed,
        dated_on,
        source,
        source_file,
        source_row
    from int_activity_records
),

later_days as (
    select
        source,
        feed,
        source_file,
        dated_on,
        count(*) as records,
        min(source_row) as first_row
    from records
    where dated_on > {{ as_of_date() }}
    group by source, feed, source_file, dated_on
),

records_of_feeds as (
    select
        source,
        feed,
        count(*) as records_of_feed
    from records
    group by source, feed
)

select
    later_days.source,
    later_days.feed,
    later_days.source_file,
    later_days.dated_on,
    cast(later_days.records as bigint) as records,
    {{ days_between(as_of_date(), 'later_days.dated_on') }} >= 365 as is_far_ahead,
    cast(records_of_feeds.records_of_feed as bigint) as records_of_feed,
    cast(later_days.first_row as bigint) as first_row
from later_days
inner join records_of_feeds
    on
        later_days.source = records_of_feeds.source
        and later_days.feed = records_of_feeds.feed
