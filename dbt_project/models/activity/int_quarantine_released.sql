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
    select * from {{ ref('int_files_ordered') }}
),

quarantined as (
    select
        quarantine.file_id,
        quarantine.source_row,
        quarantine.document_id,
        files.source,
        files.feed,
        files.logical_file,
        files.delivery_number,
        files.file_position
    from {{ source('raw', 'quarantine') }} as quarantine
    inner join files on quarantine.file_id = files.file_id
    where quarantine.document_id is not null
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
    (
        files.delivery_number <> quarantined.delivery_number
        and files.file_position > quarantined.file_position
    )
    or (
        files.delivery_number = quarantined.delivery_number
        and case
            -- A file's former content releases nothing of what it holds now.
            when files.logical_file = quarantined.logical_file then files.file_position >= quarantined.file_position
            -- Another file of a delivery may hold other lines of the same document.
            else quarantined.feed <> 'invoice_lines'
        end
    )
group by quarantined.file_id, quarantined.source_row
