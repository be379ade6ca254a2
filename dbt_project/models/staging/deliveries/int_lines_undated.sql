{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices', 'placed_by': 'file_id'}
) }}
{%- set int_documents_delivered = ref('int_documents_delivered') %}

with lines as {{ inlined() }} (
    {%- if is_incremental() %}
    select
        document_id,
        file_id,
        recorded_on is not null as is_dated
    from {{ int_documents_delivered }}
    where raw_table = 'invoice_lines'
    {%- else %}
    select
        invoice_id as document_id,
        file_id,
        issued_at is not null as is_dated
    from {{ source('raw', 'invoice_lines') }}
    {%- endif %}
)

select distinct
    undated_lines.document_id,
    undated_lines.file_id
from lines as undated_lines
inner join lines as dated_lines
    on
        undated_lines.document_id = dated_lines.document_id
        and undated_lines.file_id = dated_lines.file_id
        and dated_lines.is_dated
where not undated_lines.is_dated
