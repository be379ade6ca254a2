{%- set dates = {
    'invoices': 'issued_at', 'invoice_lines': 'issued_at', 'payments': 'paid_at', 'opportunities': 'opened_at',
    'communications': 'occurred_at', 'feedback': 'given_at',
} -%}

with files as (
    select * from {{ source('raw', 'files') }}
),

deliveries as (
    select * from {{ source('raw', 'deliveries') }}
),

feeds_optional_when_empty as (
    select * from {{ source('raw', 'feeds_optional_when_empty') }}
),

-- Each delivery of a file, also where equal content came before.
delivered_days as (
    select distinct
        files.source,
        files.kind_of_file,
        files.expected_every_days,
        deliveries.covers_on
    from deliveries
    inner join files on deliveries.file_id = files.file_id
    left join feeds_optional_when_empty
        on
            files.source = feeds_optional_when_empty.source
            and files.kind_of_file = feeds_optional_when_empty.kind_of_file
    where
        files.expected_every_days is not null
        and deliveries.covers_on <= {{ as_of_date() }}
        and feeds_optional_when_empty.source is null
),

spaced_deliveries as (
    select
        source,
        kind_of_file,
        expected_every_days,
        covers_on,
        lag(covers_on) over (partition by source, kind_of_file order by covers_on) as previous_covers_on
    from delivered_days
),

gaps as (
    select
        source,
        kind_of_file,
        previous_covers_on,
        covers_on
    from spaced_deliveries
    where {{ days_between('previous_covers_on', 'covers_on') }} > expected_every_days
),

-- A record speaks for the kind of file that it came in.
files_with_records as (
    select
        file_id,
        source,
        kind_of_file,
        feed,
        first_record_on,
        last_record_on
    from files
    where
        feed in ('{{ dates | join("', '") }}')
        and last_record_on is not null
),

recorded_kinds as (
    select distinct
        source,
        kind_of_file
    from files_with_records
),

files_about as (
    select
        gaps.source,
        gaps.kind_of_file,
        gaps.previous_covers_on,
        gaps.covers_on,
        files_with_records.file_id,
        files_with_records.feed,
        files_with_records.first_record_on,
        files_with_records.last_record_on
    from gaps
    inner join files_with_records
        on
            gaps.source = files_with_records.source
            and gaps.kind_of_file = files_with_records.kind_of_file
            and gaps.previous_covers_on < files_with_records.last_record_on
            and gaps.covers_on > files_with_records.first_record_on
),

-- Most of what catches up begins or ends among the days before it, which its file says.
told_by_files as (
    select distinct
        source,
        kind_of_file,
        covers_on
    from files_about
    where
        first_record_on > previous_covers_on
        or last_record_on < covers_on
),

-- Else the records are looked at.
files_in_question as (
    select files_about.*
    from files_about
    left join told_by_files
        on
            files_about.source = told_by_files.source
            and files_about.kind_of_file = told_by_files.kind_of_file
            and files_about.covers_on = told_by_files.covers_on
    where told_by_files.source is null
),

record_days as (
    {%- for feed, dated_by in dates.items() %}
    select distinct
        file_id,
        {{ reporting_date(dated_by) }} as recorded_on
    from {{ source('raw', feed) }}
    where
        file_id in (
            select file_id from files_in_question
            where feed = '{{ feed }}'
        )
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A delivery may catch up on the days before it: days that have records are no gap.
caught_up as (
    select * from told_by_files
    union
    select
        files_in_question.source,
        files_in_question.kind_of_file,
        files_in_question.covers_on
    from files_in_question
    inner join record_days
        on
            files_in_question.file_id = record_days.file_id
            and files_in_question.previous_covers_on < record_days.recorded_on
            and files_in_question.covers_on > record_days.recorded_on
)

select
    gaps.source,
    gaps.kind_of_file,
    {{ add_days('gaps.previous_covers_on', 1) }} as missing_from,
    {{ add_days('gaps.covers_on', -1) }} as missing_until
from gaps
inner join recorded_kinds
    on
        gaps.source = recorded_kinds.source
        and gaps.kind_of_file = recorded_kinds.kind_of_file
left join caught_up
    on
        gaps.source = caught_up.source
        and gaps.kind_of_file = caught_up.kind_of_file
        and gaps.covers_on = caught_up.covers_on
where caught_up.source is null
