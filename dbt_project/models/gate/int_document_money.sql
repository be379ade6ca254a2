with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

headers as (
    select
        source,
        source_file,
        invoice_id,
        currency,
        document_total as amount,
        is_current
    from {{ ref('stg_billing__invoices') }}
),

-- Each with the header that counts, where its source sends headers.
invoices as (
    select
        fct_invoices.invoice_id,
        fct_invoices.source,
        fct_invoices.source_file,
        fct_invoices.currency,
        fct_invoices.document_total,
        fct_invoices.money_state,
        fct_invoices.is_sum_of_lines,
        headers.amount as header_amount,
        headers.invoice_id is not null as has_header
    from fct_invoices
    left join headers
        on
            fct_invoices.invoice_id = headers.invoice_id
            and headers.is_current
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

lines_by_file as (
    select
        file_id,
        document_id,
        currency,
        has_header,
        is_current,
        coalesce(status = 'void', false) as is_void,
        sum(amount) as amount
    from stg_billing__invoice_lines
    group by file_id, document_id, currency, has_header, is_current, is_void
),

document_lines as (
    select
        files.source,
        files.source_file,
        lines_by_file.currency,
        lines_by_file.amount,
        lines_by_file.has_header,
        lines_by_file.is_current,
        lines_by_file.is_void,
        files.source || ':' || lines_by_file.document_id as invoice_id
    from lines_by_file
    inner join files on lines_by_file.file_id = files.file_id
),

classified_headers as (
    select
        headers.source,
        headers.source_file,
        headers.invoice_id,
        headers.currency,
        headers.amount,
        case
            when not headers.is_current then 'superseded'
            when coalesce(headers.currency, '') = coalesce(invoices.currency, '') then invoices.money_state
        end as class,
        case when headers.is_current then abs(invoices.document_total) end as volume
    from headers
    left join invoices on headers.invoice_id = invoices.invoice_id
),

classified_lines as (
    select
        document_lines.source,
        document_lines.source_file,
        document_lines.invoice_id,
        document_lines.currency,
        document_lines.amount,
        case
            when not document_lines.is_current then 'superseded'
            when invoices.is_sum_of_lines and document_lines.is_void then 'void'
            when invoices.is_sum_of_lines
                then
                    -- A line in another currency than its invoice's can't be added to the others.
                    case
                        when coalesce(document_lines.currency, invoices.currency, '') = coalesce(invoices.currency, '')
                            then invoices.money_state
                    end
            when invoices.has_header then 'itemised'
            when not document_lines.has_header and invoices.invoice_id is not null then 'itemised'
            when not document_lines.has_header then 'without_invoice'
            -- An amount in another currency than its invoice's isn't in the invoice's total.
            when coalesce(document_lines.currency, invoices.currency, '') = coalesce(invoices.currency, '')
                then invoices.money_state
        end as class,
        document_lines.is_current
        and case
            when invoices.is_sum_of_lines then not document_lines.is_void
            else document_lines.has_header and not coalesce(invoices.has_header, false)
        end as is_counted
    from document_lines
    left join invoices on document_lines.invoice_id = invoices.invoice_id
),

counted_lines as (
    select
        invoice_id,
        sum(amount) as amount
    from classified_lines
    where is_counted
    group by invoice_id
)

select
    invoice_id,
    source,
    source_file,
    currency,
    class,
    cast(amount as decimal(38, 4)) as amount,
    cast(volume as decimal(38, 4)) as volume
from classified_headers
union all
select
    invoice_id,
    source,
    source_file,
    currency,
    class,
    cast(amount as decimal(38, 4)) as amount,
    cast(null as decimal(38, 4)) as volume
from classified_lines
union all
-- An invoice's total is what its records say, or its first file doesn't reconcile.
select
    invoices.invoice_id,
    invoices.source,
    invoices.source_file,
    invoices.currency,
    invoices.money_state as class,
    cast(
        invoices.document_total - coalesce(invoices.header_amount, 0) - coalesce(counted_lines.amount, 0) as decimal(38, 4)
    ) as amount,
    cast(case when not invoices.has_header then abs(invoices.document_total) end as decimal(38, 4)) as volume
from invoices
left join counted_lines on invoices.invoice_id = counted_lines.invoice_id
where
    not invoices.has_header
    or invoices.document_total is distinct from invoices.header_amount + coalesce(counted_lines.amount, 0)
