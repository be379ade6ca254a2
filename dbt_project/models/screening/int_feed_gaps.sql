with files as (
    select * from {{ source('raw', 'files') }}
    where covers_on <= {{ as_of_date() }}
),

delivered_days as (
    select distinct
        source,
        feed,
        kind_of_file,
        rhythm_days,
        covers_on
    from files
    where rhythm_days is not null
),

deliveries as (
    select
        source,
        feed,
        kind_of_file,
        rhythm_days,
        covers_on,
        lag(covers_on) over (partition by source, kind_of_file order by covers_on) as previous_covers_on
    from delivered_days
),

record_days as (
    select distinct
        source,
        'invoices' as feed,
        issued_on as recorded_on
    from {{ ref('stg_billing__invoices') }}
    union
    select distinct
        source,
        'invoice_lines' as feed,
        {{ reporting_date('issued_at') }} as recorded_on
    from {{ ref('stg_billing__invoice_lines') }}
    where has_header
    union
    select distinct
        source,
        'payments' as feed,
        paid_on as recorded_on
    from {{ ref('stg_billing__payments') }}
    union
    select distinct
        source,
        'opportunities' as feed,
        opened_on as recorded_on
    from {{ ref('stg_crm__opportunities') }}
    union
    select distinct
        source,
        'communications' as feed,
        occurred_on as recorded_on
    from {{ ref('stg_crm__communications') }}
    union
    select distinct
        source,
        'feedback' as feed,
        given_on as recorded_on
    from {{ ref('stg_crm__feedback') }}
),

recorded_feeds as (
    select distinct
        source,
        feed
    from record_days
),

-- A delivery may catch up on the days before it: days that have records are no gap.
caught_up as (
    select distinct
        deliveries.source,
        deliveries.kind_of_file,
        deliveries.covers_on
    from deliveries
    inner join record_days
        on
            deliveries.source = record_days.source
            and deliveries.feed = record_days.feed
            and deliveries.previous_covers_on < record_days.recorded_on
            and deliveries.covers_on > record_days.recorded_on
)

select
    deliveries.source,
    deliveries.kind_of_file,
    {{ add_days('deliveries.previous_covers_on', 1) }} as missing_from,
    {{ add_days('deliveries.covers_on', -1) }} as missing_until
from deliveries
inner join recorded_feeds
    on
        deliveries.source = recorded_feeds.source
        and deliveries.feed = recorded_feeds.feed
left join caught_up
    on
        deliveries.source = caught_up.source
        and deliveries.kind_of_file = caught_up.kind_of_file
        and deliveries.covers_on = caught_up.covers_on
where
    {{ days_between('deliveries.previous_covers_on', 'deliveries.covers_on') }} > deliveries.rhythm_days
    and caught_up.source is null
