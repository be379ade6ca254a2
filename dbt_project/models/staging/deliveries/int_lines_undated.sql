{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices'}
) }}

with dated_lines as (
    select
        invoice_id,
        file_id
    from {{ source('raw', 'invoice_lines') }}
    {{ where_delivered('invoices', 'invoice_id') }}
    {{ 'and' if is_incremental() else 'where' }} issued_at is not null
),

undated_lines as (
    select
        invoice_id,
        file_id
    from {{ source('raw', 'invoice_lines') }}
    {{ where_delivered('invoices', 'invoice_id') }}
    {{ 'and' if is_incremental() else 'where' }} issued_at is null
)

select distinct
    undated_lines.invoice_id as document_id,
    undated_lines.file_id
from undated_lines
inner join dated_lines
    on
        undated_lines.invoice_id = dated_lines.invoice_id
        and undated_lines.file_id = dated_lines.file_id
