{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'delivered', 'feed': 'invoices'}
) }}

with source as (
    select
        invoice_id,
        file_id
    from {{ source('raw', 'invoice_lines') }}
    {{ where_delivered('invoices', 'invoice_id') }}
),

-- Nearly every document comes in one file: only of the others is there anything to choose.
documents_of_several_files as (
    select invoice_id
    from source
    group by invoice_id
    having min(file_id) <> max(file_id)
),

files as (
    select
        file_id,
        source,
        sha256,
        -- The same file, however packed: a later copy of it replaces it, another file of the delivery adds to it.
        regexp_replace(source_file, '\.(gz|zip)$', '') as logical_file,
        coalesce(delivery_key, '') as delivery_key
    from {{ source('raw', 'files') }}
),

carried as (
    select distinct
        files.source,
        source.invoice_id as document_id,
        files.delivery_key,
        files.logical_file,
        files.sha256,
        files.file_id
    from source
    inner join documents_of_several_files on source.invoice_id = documents_of_several_files.invoice_id
    inner join files on source.file_id = files.file_id
),

ranked as (
    select
        source,
        document_id,
        file_id,
        delivery_key <> max(delivery_key) over (partition by source, document_id) as is_of_earlier_delivery,
        sha256 <> max(sha256) over (partition by source, document_id, delivery_key, logical_file) as is_earlier_copy
    from carried
)

select
    source,
    document_id,
    file_id
from ranked
where
    is_of_earlier_delivery
    or is_earlier_copy
