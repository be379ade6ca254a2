with quarantine as (
    select * from {{ ref('quarantine') }}
    where released_by is null
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

lines_without_invoice as (
    select * from {{ ref('lines_without_invoice') }}
),

records_contradicted as (
    select * from {{ ref('records_contradicted') }}
),

merges_undecided as (
    select * from {{ ref('merges_undecided') }}
),

links_unknown as (
    select * from {{ ref('links_unknown') }}
),

measures as (
    select unnest([1, 2, 3]) as number
),

-- Each counts for its own figure and, if one delivery states both, for the revenue at stake and its share.
contradictions as (
    select
        records_contradicted.source,
        records_contradicted.document_id,
        records_contradicted.detail,
        records_contradicted.source_file,
        records_contradicted.source_row,
        case measures.number
            when 1 then records_contradicted.measure
            when 2 then 'contradicted_revenue'
            else 'contradicted_share'
        end as measure
    from records_contradicted
    cross join measures
    where
        measures.number = 1
        or (records_contradicted.measure <> 'undecided_records' and records_contradicted.revenue_at_stake > 0)
),

feeds as (
    select * from {{ ref('feeds') }}
    where is_late
),

reconciliation_of_files as (
    select * from {{ ref('reconciliation_of_files') }}
),

reconciliation_of_money as (
    select * from {{ ref('reconciliation_of_money') }}
    where difference <> 0
),

reconciliation as (
    select * from {{ ref('reconciliation') }}
    where
        difference <> 0
        and rule like 'revenue%'
),

published_inputs as (
    select * from {{ source('config', 'published_inputs') }}
),

-- A file may be several feeds.
files_delivered_since as (
    select distinct
        files.source,
        files.source_file
    from {{ source('raw', 'files') }} as files
    left join published_inputs
        on
            files.source = published_inputs.source
            and files.sha256 = published_inputs.sha256
    where published_inputs.sha256 is null
),

rows_quarantined as (
    select
        quarantine.source,
        quarantine.source_file,
        quarantine.source_row,
        coalesce(quarantine.document_id, 'row ' || cast(quarantine.source_row as varchar)) as failing_key,
        coalesce(quarantine.column_name || ': ', '') || quarantine.reason as detail,
        files_delivered_since.source_file is not null as is_new
    from quarantine
    left join files_delivered_since
        on
            quarantine.source = files_delivered_since.source
            and quarantine.source_file = files_delivered_since.source_file
),

records_not_yet as (
    select * from {{ ref('records_not_yet') }}
),

int_activity_records as (
    select * from {{ ref('int_activity_records') }}
    where class = 'unattributed'
),

int_records_lost as (
    select * from {{ ref('int_records_lost') }}
),

feeds_shrunk as (
    select
        source,
        kind_of_file,
        delivery_before,
        delivery_now,
        count(*) as records_before,
        count(case when not is_lost then 1 end) as records_kept,
        sum(money_before) as money_before,
        sum(money_kept) as money_kept
    from int_records_lost
    group by source, kind_of_file, delivery_before, delivery_now
),

records_lost as (
    select
        int_records_lost.*,
        files.source_file
    from int_records_lost
    inner join {{ source('raw', 'files') }} as files on int_records_lost.file_id = files.file_id
    where
        int_records_lost.is_lost
        or int_records_lost.money_kept < int_records_lost.money_before
),

reconciliation_of_activity as (
    select * from {{ ref('reconciliation_of_activity') }}
    where difference <> 0
),

late as (
    select unnest(['late_feeds', 'days_held']) as measure
),

failures as (
    select
        'quarantined_rows' as measure,
        failing_key,
        detail,
        source,
        source_file,
        source_row
    from rows_quarantined
    union all
    select
        'quarantined_share_of_delivery' as measure,
        failing_key,
        detail,
        source,
        source_file,
        source_row
    from rows_quarantined
    where is_new
    union all
    select
        'unattributed_share' as measure,
        invoice_id as failing_key,
        unattributed_reason || ': ' || cast(total as varchar) || ' {{ var("reporting_currency") }}' as detail,
        source,
        source_file,
        source_row
    from fct_invoices
    where money_state = 'unattributed'
    union all
    select
        'not_yet_share' as measure,
        feed || ' of ' || cast(dated_on as varchar) as failing_key,
        cast(records as varchar) || ' dated after the screened day, of ' || cast(records_of_feed as varchar)
        || ' ' || feed as detail,
        source,
        source_file,
        first_row as source_row
    from records_not_yet
    union all
    select
        'records_far_ahead' as measure,
        feed || ' of ' || cast(dated_on as varchar) as failing_key,
        cast(records as varchar) || ' dated a year or more after the screened day' as detail,
        source,
        source_file,
        first_row as source_row
    from records_not_yet
    where is_far_ahead
    union all
    select
        'snapshot_share_lost' as measure,
        source || ':' || kind_of_file as failing_key,
        'delivery ' || delivery_now || ' holds ' || cast(records_kept as varchar) || ' of the '
        || cast(records_before as varchar) || ' records of ' || delivery_before
        || case
            when money_before > 0
                then ', and ' || cast(money_kept as varchar) || ' of their ' || cast(money_before as varchar)
            else ''
        end as detail,
        source,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from feeds_shrunk
    where
        records_kept < records_before
        or money_kept < money_before
    union all
    select
        'snapshot_share_lost' as measure,
        record_key as failing_key,
        case when is_lost then 'missing from delivery ' else 'smaller in delivery ' end || delivery_now as detail,
        source,
        source_file,
        source_row
    from records_lost
    union all
    select
        'unattributed_events_share' as measure,
        record_id as failing_key,
        feed || ': ' || unattributed_reason as detail,
        source,
        source_file,
        source_row
    from int_activity_records
    union all
    select
        'unreconciled_rows' as measure,
        source || ':' || source_file as failing_key,
        feed || ': ' || cast(loaded as varchar) || ' rows loaded, of ' || cast(difference as varchar)
        || ' it is not known what became of them' as detail,
        source,
        source_file,
        cast(null as bigint) as source_row
    from reconciliation_of_activity
    union all
    select
        'invoices_unlike_lines' as measure,
        invoice_id as failing_key,
        'total ' || cast(document_total as varchar) || ', lines ' || cast(lines_total as varchar) as detail,
        source,
        source_file,
        source_row
    from fct_invoices
    where
        document_total <> lines_total
        and is_sum_of_lines is not true
    union all
    select
        'unlike_lines_share' as measure,
        invoice_id as failing_key,
        'total ' || cast(document_total as varchar) || ', lines ' || cast(lines_total as varchar)
        || ': if the total is their sum, say `total: {sum_of_lines: true}` in the mapping' as detail,
        source,
        source_file,
        source_row
    from fct_invoices
    where
        document_total <> lines_total
        and is_sum_of_lines is not true
        and money_state in ('attributed', 'unattributed')
    union all
    select
        'without_lines_share' as measure,
        invoice_id as failing_key,
        'none of its lines has come' as detail,
        source,
        source_file,
        source_row
    from fct_invoices
    where money_state = 'without_lines'
    union all
    select
        'lines_without_invoice' as measure,
        invoice_id as failing_key,
        cast(amount as varchar) || coalesce(' ' || currency, '') as detail,
        source,
        source_file,
        source_row
    from lines_without_invoice
    union all
    select
        measure,
        source || ':' || document_id as failing_key,
        detail,
        source,
        source_file,
        source_row
    from contradictions
    union all
    select
        'undecided_merges' as measure,
        crm_account_id as failing_key,
        'merged into ' || surviving_crm_account_id || ', which counts, and into ' || other_surviving_crm_account_id
        || ', which lives too' as detail,
        source,
        source_file,
        source_row
    from merges_undecided
    union all
    select
        'unknown_links' as measure,
        crm_account_id || ', ' || billing_customer_id as failing_key,
        case
            when is_account_unknown and is_customer_unknown then 'no account and no customer has such an id'
            when is_account_unknown then 'no account has the id ' || crm_account_id
            else 'no customer has the id ' || billing_customer_id
        end as detail,
        cast(null as varchar) as source,
        'config/account_links.csv' as source_file,
        row_number as source_row
    from links_unknown
    union all
    select
        late.measure,
        feeds.feed_id as failing_key,
        cast(feeds.days_behind as varchar) || ' days behind, covered until '
        || coalesce(cast(feeds.watermark_on as varchar), 'never') as detail,
        feeds.source,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from feeds
    cross join late
    union all
    select
        'unreconciled_rows' as measure,
        source || ':' || source_file as failing_key,
        cast(rows_read as varchar) || ' rows read, ' || cast(rows_loaded as varchar) || ' loaded, '
        || cast(rows_quarantined as varchar) || ' quarantined, ' || cast(rows_excluded as varchar)
        || ' not taken' as detail,
        source,
        source_file,
        cast(null as bigint) as source_row
    from reconciliation_of_files
    where rows_difference <> 0
    union all
    select
        'unreconciled_money' as measure,
        source || ':' || source_file as failing_key,
        cast(money_read as varchar) || ' read, ' || cast(money_loaded as varchar) || ' loaded, '
        || cast(money_quarantined as varchar) || ' quarantined, ' || cast(money_excluded as varchar)
        || ' not taken' as detail,
        source,
        source_file,
        cast(null as bigint) as source_row
    from reconciliation_of_files
    where money_difference <> 0
    union all
    select
        'unreconciled_money' as measure,
        source || ':' || source_file as failing_key,
        coalesce(currency, 'no currency') || ': ' || cast(loaded as varchar) || ' loaded, ' || cast(found as varchar)
        || ' found, ' || cast(unexplained as varchar) || ' in no class' as detail,
        source,
        source_file,
        cast(null as bigint) as source_row
    from reconciliation_of_money
    union all
    select
        'unreconciled_money' as measure,
        subject as failing_key,
        rule || ': ' || cast(expected as varchar) || ' expected, ' || cast(found as varchar) || ' found' as detail,
        cast(null as varchar) as source,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from reconciliation
)

select
    measure,
    failing_key,
    detail,
    source,
    source_file,
    cast(source_row as bigint) as source_row
from failures
