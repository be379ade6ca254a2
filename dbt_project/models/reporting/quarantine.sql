with files as (
    select * from {{ source('raw', 'files') }}
),

raw_quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

int_quarantine_released as (
    select * from {{ ref('int_quarantine_released') }}
),

int_rates_unusable as (
    select * from {{ ref('int_rates_unusable') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state in ('no_rate', 'without_lines', 'above_zero')
),

fct_payments as (
    select * from {{ ref('fct_payments') }}
    where amount is null
),

unreadable_rows as (
    select
        files.source,
        files.feed,
        files.source_file,
        raw_quarantine.source_row,
        files.delivery_key as delivery_id,
        raw_quarantine.document_id,
        raw_quarantine.column_name,
        raw_quarantine.value,
        raw_quarantine.reason,
        raw_quarantine.amount,
        int_quarantine_released.released_by
    from raw_quarantine
    inner join files on raw_quarantine.file_id = files.file_id
    left join int_quarantine_released
        on
            raw_quarantine.file_id = int_quarantine_released.file_id
            and raw_quarantine.source_row = int_quarantine_released.source_row
),

money_without_a_rate as (
    select
        source,
        'invoices' as feed,
        source_file,
        source_row,
        document_id,
        currency,
        document_total as amount
    from fct_invoices
    where money_state = 'no_rate'
    union all
    select
        source,
        'payments' as feed,
        source_file,
        source_row,
        document_id,
        currency,
        document_amount as amount
    from fct_payments
),

unvalued_rows as (
    select
        source,
        feed,
        source_file,
        source_row,
        cast(null as varchar) as delivery_id,
        document_id,
        'currency' as column_name,
        currency as value,
        case
            when currency is null then 'is missing: set `currency` of the source in config/sources.yml'
            else 'no exchange rate to {{ var("reporting_currency") }} on or before its date'
        end as reason,
        amount,
        cast(null as varchar) as released_by
    from money_without_a_rate
),

keys_without_value as (
    select
        source,
        feed,
        source_file,
        source_row,
        delivery_id,
        document_id,
        column_name,
        lookup_key as value,
        reason,
        cast(null as decimal(38, 4)) as amount,
        cast(null as varchar) as released_by
    from {{ ref('lookups_missed') }}
),

-- Their totals aren't known before their lines are.
sums_without_lines as (
    select
        source,
        'invoices' as feed,
        source_file,
        source_row,
        cast(null as varchar) as delivery_id,
        document_id,
        'total' as column_name,
        cast(null as varchar) as value,
        'is the sum of its lines, and none has come: deliver them' as reason,
        document_total as amount,
        cast(null as varchar) as released_by
    from fct_invoices
    where money_state = 'without_lines'
),

-- Counted as it is, it would be revenue instead of a loss of it.
credits_above_zero as (
    select
        source,
        'invoices' as feed,
        source_file,
        source_row,
        cast(null as varchar) as delivery_id,
        document_id,
        'total' as column_name,
        cast(document_total as varchar) as value,
        'is above zero on a credit note: give it a minus, or say `negate: true` in the mapping' as reason,
        document_total as amount,
        cast(null as varchar) as released_by
    from fct_invoices
    where money_state = 'above_zero'
),

-- What a document's lines repeat of it, and don't repeat alike.
lines_that_differ as (
    select
        source,
        'invoice_lines' as feed,
        source_file,
        source_row,
        cast(null as varchar) as delivery_id,
        document_id,
        differing_column as column_name,
        cast(null as varchar) as value,
        'differs between the lines of the document: it counts as blank' as reason,
        document_total as amount,
        cast(null as varchar) as released_by
    from {{ ref('int_invoices_united') }}
    where differing_column is not null
),

unusable_rates as (
    select
        source,
        'exchange_rates' as feed,
        source_file,
        source_row,
        delivery_id,
        currency as document_id,
        'base_currency' as column_name,
        base_currency as value,
        'leads to no rate in {{ var("reporting_currency") }}: give the rate of {{ var("reporting_currency") }} '
        || 'in that base for the same day' as reason,
        cast(null as decimal(38, 4)) as amount,
        cast(null as varchar) as released_by
    from int_rates_unusable
),

quarantined as (
    select * from unreadable_rows
    union all
    select * from unvalued_rows
    union all
    select * from sums_without_lines
    union all
    select * from credits_above_zero
    union all
    select * from lines_that_differ
    union all
    select * from keys_without_value
    union all
    select * from unusable_rates
)

select
    source,
    feed,
    source_file,
    cast(source_row as bigint) as source_row,
    delivery_id,
    document_id,
    column_name,
    value,
    reason,
    cast(amount as decimal(38, 4)) as amount,
    released_by
from quarantined
