{{ config(materialized='table') }}

with lines as (
    select
        invoice_id as document_id,
        file_id,
        issued_at is not null as is_dated
    from {{ source('raw', 'invoice_lines') }}
)

select
    document_id,
    file_id
from lines
group by document_id, file_id
having bool_or(is_dated) and not bool_and(is_dated)
