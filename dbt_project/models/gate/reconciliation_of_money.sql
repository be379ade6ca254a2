{%- set classes = [
    'attributed', 'unattributed', 'void', 'superseded', 'not_yet', 'non_revenue', 'no_rate', 'itemised',
    'without_invoice',
] -%}

with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

stg_billing__invoices as (
    select * from {{ ref('stg_billing__invoices') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

loaded as (
    select
        file_id,
        upper(currency) as currency,
        sum(total) as amount
    from {{ source('raw', 'invoices') }}
    group by file_id, upper(currency)
    union all
    select
        file_id,
        upper(currency) as currency,
        sum(amount) as amount
    from {{ source('raw', 'invoice_lines') }}
    group by file_id, upper(currency)
),

headers as (
    select
        source,
        source_file,
        invoice_id,
        currency,
        document_total as amount,
        is_current
    from stg_billing__invoices
),

lines_by_file as (
    select
        file_id,
        document_id,
        currency,
        has_header,
        is_current,
        sum(amount) as amount
    from stg_billing__invoice_lines
    group by file_id, document_id, currency, has_header, is_current
),

document_lines as (
    select
        files.source,
        files.source_file,
        lines_by_file.currency,
        lines_by_file.amount,
        lines_by_file.has_header,
        lines_by_file.is_current,
        files.source || ':' || lines_by_file.document_id as invoice_id
    from lines_by_file
    inner join files on lines_by_file.file_id = files.file_id
),

current_headers as (
    select invoice_id
    from headers
    where is_current
),

classified as (
    select
        headers.source,
        headers.source_file,
        headers.invoice_id,
        headers.currency,
        headers.amount,
        headers.is_current as is_counted,
        case
            when not headers.is_current then 'superseded'
            when coalesce(headers.currency, '') = coalesce(fct_invoices.currency, '') then fct_invoices.money_state
        end as class
    from headers
    left join fct_invoices on headers.invoice_id = fct_invoices.invoice_id
    union all
    select
        document_lines.source,
        document_lines.source_file,
        document_lines.invoice_id,
        document_lines.currency,
        document_lines.amount,
        document_lines.is_current and document_lines.has_header and current_headers.invoice_id is null as is_counted,
        case
            when not document_lines.is_current then 'superseded'
            when current_headers.invoice_id is not null then 'itemised'
            when not document_lines.has_header and fct_invoices.invoice_id is not null then 'itemised'
            when not document_lines.has_header then 'without_invoice'
            -- An amount in another currency than its invoice's isn't in the invoice's total.
            when
                coalesce(document_lines.currency, fct_invoices.currency, '') = coalesce(fct_invoices.currency, '')
                then fct_invoices.money_state
        end as class
    from document_lines
    left join current_headers
        on document_lines.invoice_id = current_headers.invoice_id
    left join fct_invoices on document_lines.invoice_id = fct_invoices.invoice_id
),

counted as (
    select
        invoice_id,
        sum(amount) as amount
    from classified
    where is_counted
    group by invoice_id
),

entries as (
    select
        files.source,
        files.source_file,
        loaded.currency,
        'loaded' as class,
        loaded.amount
    from loaded
    inner join files on loaded.file_id = files.file_id
    union all
    select
        source,
        source_file,
        currency,
        class,
        amount
    from classified
    union all
    -- An invoice's total is what its records say, or its first file doesn't reconcile.
    select
        fct_invoices.source,
        fct_invoices.source_file,
        fct_invoices.currency,
        fct_invoices.money_state as class,
        fct_invoices.document_total - coalesce(counted.amount, 0) as amount
    from fct_invoices
    left join counted on fct_invoices.invoice_id = counted.invoice_id
    where fct_invoices.document_total is distinct from counted.amount
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
        -- Amounts of either sign don't cancel out.
        cast(coalesce(sum(case when class is null then abs(amount) end), 0) as decimal(38, 4)) as unexplained
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
