with source as (
    select * from {{ source('raw', 'invoice_lines') }}
),

files as (
    select
        file_id,
        source,
        source_file,
        sha256,
        extent,
        kind_of_file,
        -- The same file, however packed: a later copy of it replaces it, another file of the delivery adds to it.
        source || ':' || regexp_replace(source_file, '\.(gz|zip)$', '') as logical_file,
        coalesce(delivery_key, '') as delivery_key
    from {{ source('raw', 'files') }}
),

lines as (
    select
        source.*,
        files.source,
        files.source_file,
        files.logical_file,
        files.sha256,
        files.extent,
        files.kind_of_file,
        files.delivery_key
    from source
    inner join files on source.file_id = files.file_id
),

document_deliveries as (
    select
        source,
        invoice_id,
        max(delivery_key) as delivery_key
    from lines
    group by source, invoice_id
),

document_files as (
    select
        lines.source,
        lines.invoice_id,
        lines.logical_file,
        lines.delivery_key,
        max(lines.sha256) as sha256
    from lines
    inner join document_deliveries
        on
            lines.source = document_deliveries.source
            and lines.invoice_id = document_deliveries.invoice_id
            and lines.delivery_key = document_deliveries.delivery_key
    group by lines.source, lines.invoice_id, lines.logical_file, lines.delivery_key
),

newest_deliveries as (
    select
        source,
        kind_of_file,
        max(delivery_key) as delivery_key
    from files
    group by source, kind_of_file
),

renamed as (
    select
        lines.invoice_id as document_id,
        lines.customer_id as customer_code,
        lines.customer_name,
        lines.country,
        lines.kind,
        case
            when lines.extent = 'full' and lines.delivery_key < newest_deliveries.delivery_key then 'void'
            else lines.status
        end as status,
        lines.product_code,
        lines.description,
        lines.quantity,
        lines.unit_price,
        lines.amount,
        lines.issued_at,
        lines.due_at,
        lines.updated_at,
        lines.source,
        lines.source_file,
        lines.source_row,
        lines.delivery_key as delivery_id,
        lines.source || ':' || lines.invoice_id as invoice_id,
        lines.source || ':' || lines.customer_id as billing_customer_id,
        lines.source || ':' || lines.credited_invoice_id as credited_invoice_id,
        lower(trim(lines.customer_email)) as customer_email,
        upper(lines.currency) as currency,
        lines.issued_at is not null as has_header,
        document_files.sha256 is not null as is_current
    from lines
    left join document_files
        on
            lines.source = document_files.source
            and lines.invoice_id = document_files.invoice_id
            and lines.logical_file = document_files.logical_file
            and lines.delivery_key = document_files.delivery_key
            and lines.sha256 = document_files.sha256
    left join newest_deliveries
        on
            lines.source = newest_deliveries.source
            and lines.kind_of_file = newest_deliveries.kind_of_file
)

select * from renamed
