with files as (
    select * from {{ source('raw', 'files') }}
),

deliveries as (
    select * from {{ source('raw', 'deliveries') }}
),

feeds_only_with_records as (
    select * from {{ source('raw', 'feeds_only_with_records') }}
),

-- Each delivery of a file, also where equal content came before.
delivered_days as (
    select distinct
        files.source,
        files.kind_of_file,
        files.rhythm_days,
        deliveries.covers_on
    from deliveries
    inner join files on deliveries.file_id = files.file_id
    left join feeds_only_with_records
        on
            files.source = feeds_only_with_records.source
            and files.kind_of_file = feeds_only_with_records.kind_of_file
    where
        files.rhythm_days is not null
        and deliveries.covers_on <= {{ as_of_date() }}
        and feeds_only_with_records.source is null
),

spaced_deliveries as (
    select
        source,
        kind_of_file,
        rhythm_days,
        covers_on,
        lag(covers_on) over (partition by source, kind_of_file order by covers_on) as previous_covers_on
    from delivered_days
),

record_days as (
    select distinct
        source,
        source_file,
        'invoices' as feed,
        issued_on as recorded_on
    from {{ ref('stg_billing__invoices') }}
    union
    select distinct
        source,
        source_file,
        'invoice_lines' as feed,
        {{ reporting_date('issued_at') }} as recorded_on
    from {{ ref('stg_billing__invoice_lines') }}
    where issued_at is not null
    union
    select distinct
        source,
        source_file,
        'payments' as feed,
        paid_on as recorded_on
    from {{ ref('stg_billing__payments') }}
    union
    select distinct
        source,
        source_file,
        'opportunities' as feed,
        opened_on as recorded_on
    from {{ ref('stg_crm__opportunities') }}
    union
    select distinct
        source,
        source_file,
        'communications' as feed,
        occurred_on as recorded_on
    from {{ ref('stg_crm__communications') }}
    union
    select distinct
        source,
        source_file,
        'feedback' as feed,
        given_on as recorded_on
    from {{ ref('stg_crm__feedback') }}
),

-- A record speaks for the kind of file that it came in.
kind_days as (
    select distinct
        files.source,
        files.kind_of_file,
        record_days.recorded_on
    from record_days
    inner join files
        on
            record_days.source = files.source
            and record_days.source_file = files.source_file
            and record_days.feed = files.feed
),

recorded_kinds as (
    select distinct
        source,
        kind_of_file
    from kind_days
),

-- A delivery may catch up on the days before it: days that have records are no gap.
caught_up as (
    select distinct
        spaced_deliveries.source,
        spaced_deliveries.kind_of_file,
        spaced_deliveries.covers_on
    from spaced_deliveries
    inner join kind_days
        on
            spaced_deliveries.source = kind_days.source
            and spaced_deliveries.kind_of_file = kind_days.kind_of_file
            and spaced_deliveries.previous_covers_on < kind_days.recorded_on
            and spaced_deliveries.covers_on > kind_days.recorded_on
)

select
    spaced_deliveries.source,
    spaced_deliveries.kind_of_file,
    {{ add_days('spaced_deliveries.previous_covers_on', 1) }} as missing_from,
    {{ add_days('spaced_deliveries.covers_on', -1) }} as missing_until
from spaced_deliveries
inner join recorded_kinds
    on
        spaced_deliveries.source = recorded_kinds.source
        and spaced_deliveries.kind_of_file = recorded_kinds.kind_of_file
left join caught_up
    on
        spaced_deliveries.source = caught_up.source
        and spaced_deliveries.kind_of_file = caught_up.kind_of_file
        and spaced_deliveries.covers_on = caught_up.covers_on
where
    {{ days_between('spaced_deliveries.previous_covers_on', 'spaced_deliveries.covers_on') }} > spaced_deliveries.rhythm_days
    and caught_up.source is null
