{%- set keys = {
    'accounts': 'account_id',
    'contacts': 'contact_id',
    'account_merges': 'account_id',
    'opportunities': 'opportunity_id',
    'opportunity_accounts': 'opportunity_id',
    'opportunity_merges': 'opportunity_id',
    'communications': 'communication_id',
    'communication_accounts': 'communication_id',
    'feedback': 'feedback_id',
    'billing_customers': 'customer_id',
    'invoices': 'invoice_id',
    'invoice_lines': 'invoice_id',
    'payments': 'payment_id',
} -%}

with files as (
    select
        *,
        -- The same file, however packed.
        regexp_replace(source_file, '\.(gz|zip)$', '') as logical_file
    from {{ source('raw', 'files') }}
),

quarantined as (
    select
        quarantine.file_id,
        quarantine.source_row,
        quarantine.document_id,
        files.source,
        files.feed,
        files.logical_file,
        files.delivery_key
    from {{ source('raw', 'quarantine') }} as quarantine
    inner join files on quarantine.file_id = files.file_id
    where quarantine.document_id is not null
),

earliest_deliveries as (
    select
        source,
        feed,
        min(delivery_key) as delivery_key
    from quarantined
    group by source, feed
),

-- No delivery releases what a later one holds.
releasing_files as (
    select files.file_id
    from files
    inner join earliest_deliveries
        on
            files.source = earliest_deliveries.source
            and files.feed = earliest_deliveries.feed
            and files.delivery_key >= earliest_deliveries.delivery_key
),

taken as (
    {%- for feed, key in keys.items() %}
    select distinct
        file_id,
        '{{ feed }}' as feed,
        {{ key }} as document_id
    from {{ source('raw', feed) }}
    where
        {{ key }} in (
            select document_id from quarantined
            where feed = '{{ feed }}'
        )
        and file_id in (select file_id from releasing_files)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    quarantined.file_id,
    quarantined.source_row,
    max(files.source_file) as released_by
from quarantined
inner join taken
    on
        quarantined.feed = taken.feed
        and quarantined.document_id = taken.document_id
        and quarantined.file_id <> taken.file_id
inner join files
    on
        taken.file_id = files.file_id
        and quarantined.source = files.source
where
    files.delivery_key > quarantined.delivery_key
    or (
        files.delivery_key = quarantined.delivery_key
        -- Another file of a delivery may hold other lines of the same document.
        and (quarantined.feed <> 'invoice_lines' or files.logical_file = quarantined.logical_file)
    )
group by quarantined.file_id, quarantined.source_row

