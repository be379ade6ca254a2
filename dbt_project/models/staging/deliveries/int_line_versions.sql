{{ config(materialized='table') }}
{%- set columns = [
    'line_no', 'product_code', 'description', 'quantity', 'unit_price', 'amount', 'customer_id', 'customer_name',
    'customer_email', 'country', 'issued_at', 'due_at', 'currency', 'status', 'kind', 'credited_invoice_id',
] %}

with files as (
    select * from {{ ref('int_files_ordered') }}
),

lines as (
    select * from {{ source('raw', 'invoice_lines') }}
),

documents_of_files as (
    select distinct
        files.source,
        lines.invoice_id as document_id,
        lines.file_id
    from lines
    inner join files on lines.file_id = files.file_id
),

documents_of_several_files as (
    select
        source,
        document_id
    from documents_of_files
    group by source, document_id
    having count(*) > 1
),

lines_written_out as (
    select
        files.source,
        lines.invoice_id as document_id,
        lines.file_id,
        lines.amount,
        ''
        {%- for column in columns %}
        || coalesce(cast(lines.{{ column }} as varchar), '') || ';'
        {%- endfor %} as line_text
    from lines
    inner join files on lines.file_id = files.file_id
    inner join documents_of_several_files
        on
            files.source = documents_of_several_files.source
            and lines.invoice_id = documents_of_several_files.document_id
),

contents as (
    select
        source,
        document_id,
        file_id,
        sum(amount) as amount,
        count(*) as line_count,
        string_agg(line_text, chr(10) order by line_text) as content
    from lines_written_out
    group by source, document_id, file_id
),

copies as (
    select
        contents.*,
        files.source_file,
        files.logical_file,
        files.is_dated,
        files.landed_in,
        files.delivery_number,
        files.file_position,
        row_number() over (
            partition by contents.source, contents.document_id, files.delivery_number, files.logical_file
            order by
                files.file_position desc,
                contents.amount desc,
                contents.content desc,
                contents.file_id desc
        ) as copy_rank
    from contents
    inner join files on contents.file_id = files.file_id
),

deliveries as (
    select
        source,
        document_id,
        delivery_number,
        max(file_position) as delivery_position,
        sum(amount) as delivery_amount,
        sum(line_count) as delivery_line_count,
        string_agg(content, chr(10) order by content) as delivery_content,
        max(file_id) as last_file_id
    from copies
    where copy_rank = 1
    group by source, document_id, delivery_number
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, document_id
            order by
                delivery_position desc,
                delivery_amount desc,
                delivery_content desc,
                last_file_id desc
        ) as delivery_rank
    from deliveries
)

select
    copies.source,
    copies.document_id,
    copies.file_id,
    copies.source_file,
    copies.logical_file,
    copies.content,
    ranked.delivery_content,
    copies.is_dated,
    copies.landed_in,
    copies.delivery_number,
    ranked.delivery_position,
    copies.file_position,
    copies.copy_rank,
    ranked.delivery_rank,
    cast(copies.line_count as bigint) as line_count,
    cast(copies.amount as decimal(38, 4)) as amount,
    cast(ranked.delivery_line_count as bigint) as delivery_line_count,
    cast(ranked.delivery_amount as decimal(38, 4)) as delivery_amount,
    copies.copy_rank = 1 and ranked.delivery_rank = 1 as is_current
from copies
inner join ranked
    on
        copies.source = ranked.source
        and copies.document_id = ranked.document_id
        and copies.delivery_number = ranked.delivery_number
