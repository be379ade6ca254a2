{%- set classes = [
    'attributed', 'unattributed', 'void', 'superseded', 'not_yet', 'non_revenue', 'no_rate', 'without_lines', 'above_zero',
    'itemised', 'without_invoice',
] -%}

with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

-- Summed before it is used twice: it has a row for each document and file.
document_money as (
    select
        source,
        source_file,
        currency,
        class,
        sum(amount) as amount,
        sum(abs(amount)) as size,
        sum(volume) as volume
    from {{ ref('int_document_money') }}
    group by source, source_file, currency, class
),

int_invoices_by_file as (
    select * from {{ ref('int_invoices_by_file') }}
),

loaded as (
    select
        file_id,
        currency,
        money_loaded as amount
    from {{ ref('int_rows_by_file') }}
    where feed in ('invoices', 'invoice_lines')
),

-- What has become of an invoice is known of each that there is, and of no other.
invoices as (
    select
        source,
        source_file,
        currency,
        money_state as class,
        volume
    from int_invoices_by_file
    union all
    select
        source,
        source_file,
        currency,
        class,
        -volume as volume
    from document_money
    where volume is not null
),

entries as (
    select
        files.source,
        files.source_file,
        upper(loaded.currency) as currency,
        'loaded' as class,
        loaded.amount,
        0 as unexplained
    from loaded
    inner join files on loaded.file_id = files.file_id
    union all
    select
        source,
        source_file,
        currency,
        class,
        amount,
        -- Amounts of either sign don't cancel out.
        case when class is null then size else 0 end as unexplained
    from document_money
    union all
    select
        source,
        source_file,
        currency,
        cast(null as varchar) as class,
        0 as amount,
        abs(sum(volume)) as unexplained
    from invoices
    group by source, source_file, currency, class
),

figures as (
    select
        source,
        source_file,
        currency,
        cast(coalesce(sum(case when class = 'loaded' then amount end), 0) as decimal(38, 4)) as loaded,
        {%- for class in classes %}
        cast(coalesce(sum(case when class = '{{ class }}' then amount end), 0) as decimal(38, 4)) as {{ class }},
        {%- endfor %}
        cast(sum(unexplained) as decimal(38, 4)) as unexplained
    from entries
    group by source, source_file, currency
)

select
    *,
    cast({{ classes | join(' + ') }} as decimal(38, 4)) as found,
    cast(
        greatest(abs(loaded - ({{ classes | join(' + ') }})), unexplained) as decimal(38, 4)
    ) as difference
from figures
