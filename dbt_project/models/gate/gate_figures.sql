with account_segments as (
    select * from {{ ref('account_segments') }}
),

int_invoices_by_file as (
    select * from {{ ref('int_invoices_by_file') }}
),

feeds as (
    select * from {{ ref('feeds') }}
),

quarantine as (
    select * from {{ ref('quarantine') }}
    where released_by is null
),

lines_without_invoice as (
    select * from {{ ref('lines_without_invoice') }}
),

records_contradicted as (
    select * from {{ ref('records_contradicted') }}
),

reconciliation as (
    select * from {{ ref('reconciliation') }}
),

published_inputs as (
    select * from {{ source('config', 'published_inputs') }}
),

merges_undecided as (
    select * from {{ ref('merges_undecided') }}
),

links_unknown as (
    select * from {{ ref('links_unknown') }}
),

records_not_yet as (
    select * from {{ ref('records_not_yet') }}
),

int_records_lost as (
    select * from {{ ref('int_records_lost') }}
),

int_activity_records as (
    select * from {{ ref('int_activity_records') }}
),

files_delivered_since as (
    select files.*
    from {{ source('raw', 'files') }} as files
    left join published_inputs
        on
            files.source = published_inputs.source
            and files.sha256 = published_inputs.sha256
    where published_inputs.sha256 is null
),

segments_now as (
    select
        count(*) as accounts,
        count(case when temperature = 'hot' then 1 end) as hot,
        count(case when temperature = 'cold' then 1 end) as cold
    from account_segments
),

money as (
    select
        coalesce(sum(case when money_state = 'unattributed' then total end), 0) as unattributed_revenue,
        coalesce(sum(case when money_state = 'unattributed' then size end), 0) as unattributed_volume,
        coalesce(sum(size), 0) as volume
    from int_invoices_by_file
    where money_state in ('attributed', 'unattributed')
),

lines_checked as (
    select coalesce(sum(invoices_unlike_lines), 0) as invoices_unlike_lines
    from int_invoices_by_file
),

-- By source: a small one whose totals are of something else doesn't hide behind a large one.
lines_by_source as (
    select
        source,
        sum(case when money_state in ('attributed', 'unattributed') then unlike_lines end)
        / nullif(cast(sum(case when money_state in ('attributed', 'unattributed') then size_by_lines end) as double), 0)
            as unlike_lines_share,
        sum(case when money_state = 'without_lines' then sums_of_lines end)
        / nullif(cast(sum(sums_of_lines) as double), 0) as without_lines_share
    from int_invoices_by_file
    group by source
),

lines_compared as (
    select
        coalesce(max(unlike_lines_share), 0) as unlike_lines_share,
        coalesce(max(without_lines_share), 0) as without_lines_share
    from lines_by_source
),

lines_alone as (
    select count(*) as lines_without_invoice
    from lines_without_invoice
),

records_named as (
    select
        measure,
        revenue_at_stake,
        feed || ':' || source || ':' || document_id as record_name
    from records_contradicted
),

contradicted as (
    select
        count(distinct case when measure = 'undecided_records' then record_name end) as undecided_records,
        count(distinct case when measure = 'repeated_records' then record_name end) as repeated_records,
        count(distinct case when measure = 'shared_numbers' then record_name end) as shared_numbers,
        coalesce(sum(case when measure <> 'undecided_records' then revenue_at_stake end), 0) as contradicted_revenue
    from records_named
),

accounts_undecided as (
    select count(distinct crm_account_id) as undecided_merges
    from merges_undecided
),

links_lost as (
    select count(*) as unknown_links
    from links_unknown
),

deliveries as (
    select
        source,
        feed,
        sum(rows_quarantined) / nullif(cast(sum(rows_read) as double), 0) as quarantined_share
    from files_delivered_since
    group by source, feed
),

delivered as (
    select coalesce(max(quarantined_share), 0) as quarantined_share
    from deliveries
),

feeds_dated_later as (
    select
        source,
        feed,
        sum(records) / cast(max(records_of_feed) as double) as not_yet_share,
        sum(case when is_far_ahead then records else 0 end) as records_far_ahead
    from records_not_yet
    group by source, feed
),

-- The share of the feed with the greatest.
dated_later as (
    select
        coalesce(max(not_yet_share), 0) as not_yet_share,
        coalesce(sum(records_far_ahead), 0) as records_far_ahead
    from feeds_dated_later
),

feeds_shrunk as (
    select
        source,
        kind_of_file,
        greatest(
            count(case when is_lost then 1 end) / cast(count(*) as double),
            coalesce(cast(sum(money_before - money_kept) as double) / nullif(cast(sum(money_before) as double), 0), 0)
        ) as share_lost
    from int_records_lost
    group by source, kind_of_file
),

shrunk as (
    select coalesce(max(share_lost), 0) as snapshot_share_lost
    from feeds_shrunk
),

feeds_unattributed as (
    select
        source,
        feed,
        count(case when class = 'unattributed' and unattributed_reason not in ('test_account', 'deleted_account') then 1 end)
        / nullif(cast(count(*) as double), 0) as unattributed_share
    from int_activity_records
    where class in ('attributed', 'unattributed')
    group by source, feed
),

events_of_nobody as (
    select coalesce(max(unattributed_share), 0) as unattributed_events_share
    from feeds_unattributed
),

quarantined as (
    select count(*) as quarantined_rows
    from quarantine
),

lateness as (
    select
        count(case when is_late then 1 end) as late_feeds,
        coalesce(max(case when is_late then days_behind end), 0) as days_held
    from feeds
),

-- Null, which blocks, where an equation has no difference or there is none to look at.
unreconciled as (
    select
        case
            when count(difference) = count(*) then sum(case when rule like 'rows%' then difference end)
        end as unreconciled_rows,
        case
            when count(difference) = count(*) then sum(case when rule not like 'rows%' then difference end)
        end as unreconciled_money
    from reconciliation
)

select
    {{ as_of_date() }} as as_of_date,
    cast(segments_now.accounts as bigint) as accounts,
    cast(segments_now.hot as bigint) as hot,
    cast(segments_now.cold as bigint) as cold,
    cast(money.unattributed_revenue as decimal(18, 4)) as unattributed_revenue,
    cast(quarantined.quarantined_rows as bigint) as quarantined_rows,
    cast(unreconciled.unreconciled_rows as decimal(38, 4)) as unreconciled_rows,
    cast(unreconciled.unreconciled_money as decimal(38, 4)) as unreconciled_money,
    cast(delivered.quarantined_share as decimal(9, 6)) as quarantined_share_of_delivery,
    cast(coalesce(money.unattributed_volume / nullif(cast(money.volume as double), 0), 0) as decimal(9, 6)) as unattributed_share,
    cast(lateness.late_feeds as bigint) as late_feeds,
    cast(lateness.days_held as bigint) as days_held,
    cast(lines_checked.invoices_unlike_lines as bigint) as invoices_unlike_lines,
    cast(lines_compared.unlike_lines_share as decimal(9, 6)) as unlike_lines_share,
    cast(lines_compared.without_lines_share as decimal(9, 6)) as without_lines_share,
    cast(lines_alone.lines_without_invoice as bigint) as lines_without_invoice,
    cast(dated_later.not_yet_share as decimal(9, 6)) as not_yet_share,
    cast(dated_later.records_far_ahead as bigint) as records_far_ahead,
    cast(events_of_nobody.unattributed_events_share as decimal(9, 6)) as unattributed_events_share,
    cast(shrunk.snapshot_share_lost as decimal(9, 6)) as snapshot_share_lost,
    cast(accounts_undecided.undecided_merges as bigint) as undecided_merges,
    cast(links_lost.unknown_links as bigint) as unknown_links,
    cast(contradicted.undecided_records as bigint) as undecided_records,
    cast(contradicted.repeated_records as bigint) as repeated_records,
    cast(contradicted.shared_numbers as bigint) as shared_numbers,
    cast(contradicted.contradicted_revenue as decimal(18, 4)) as contradicted_revenue,
    -- Of what is counted and what is dropped for it.
    cast(coalesce(
        contradicted.contradicted_revenue / nullif(cast(money.volume + contradicted.contradicted_revenue as double), 0), 0
    ) as decimal(9, 6)) as contradicted_share
from segments_now
cross join money
cross join lines_checked
cross join lines_compared
cross join lines_alone
cross join accounts_undecided
cross join links_lost
cross join contradicted
cross join delivered
cross join quarantined
cross join lateness
cross join unreconciled
cross join dated_later
cross join events_of_nobody
cross join shrunk
