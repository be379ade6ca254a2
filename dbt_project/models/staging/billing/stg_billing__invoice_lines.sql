with source as (
    {{ with_lookups('invoice_lines', ['customer_id', 'product_code', 'description'], [
        'invoice_id', 'line_no', 'quantity', 'unit_price', 'amount', 'customer_name', 'customer_email', 'country', 'issued_at', 'due_at', 'currency', 'status', 'kind', 'credited_invoice_id', 'open_balance', 'rate_to_base', 'rate_from_base', 'rate_base', 'updated_at'
    ]) }}
),

files as (
    select * from {{ ref('int_files_ordered') }}
),

int_lines_superseded as (
    select * from {{ ref('int_lines_superseded') }}
),

int_lines_undated as (
    select * from {{ ref('int_lines_undated') }}
),

renamed as (
    select
        lines.invoice_id as document_id,
        lines.customer_id as customer_code,
        lines.customer_name,
        lines.country,
        lines.kind,
        lines.product_code,
        lines.description,
        lines.quantity,
        lines.unit_price,
        lines.amount,
        lines.open_balance as document_open_balance,
        lines.issued_at,
        lines.due_at,
        lines.updated_at,
        files.source,
        files.source_file,
        lines.file_id,
        lines.source_row,
        case when files.is_outdated then 'void' else lines.status end as status,
        coalesce(files.delivery_key, '') as delivery_id,
        files.source || ':' || lines.invoice_id as invoice_id,
        files.source || ':' || lines.customer_id as billing_customer_id,
        files.source || ':' || lines.credited_invoice_id as credited_invoice_id,
        lower(trim(lines.customer_email)) as customer_email,
        upper(lines.currency) as currency,
        -- What no currency is worth is no rate.
        case when lines.rate_to_base < 1000000 then lines.rate_to_base end as rate_to_base,
        case when lines.rate_from_base > 0.000001 then lines.rate_from_base end as rate_from_base,
        upper(lines.rate_base) as rate_base,
        lines.issued_at is not null or int_lines_undated.file_id is not null as has_header,
        int_lines_superseded.file_id is null as is_current
    from source as lines
    inner join files on lines.file_id = files.file_id
    left join int_lines_superseded
        on
            lines.invoice_id = int_lines_superseded.document_id
            and lines.file_id = int_lines_superseded.file_id
    left join int_lines_undated
        on
            lines.invoice_id = int_lines_undated.document_id
            and lines.file_id = int_lines_undated.file_id
)

select * from renamed
