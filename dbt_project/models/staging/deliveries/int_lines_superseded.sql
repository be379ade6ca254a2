{{ config(materialized='table') }}

with logical_files as (
    select
        file_id,
        source,
        sha256,
        -- The same file, however packed: a later copy of it replaces it, another file of the delivery adds to it.
        regexp_replace(source_file, '\.(gz|zip)$', '') as logical_file,
        coalesce(delivery_key, '') as delivery_key
    from {{ source('raw', 'files') }}
),

-- Numbered, because millions of documents are compared by them.
files as (
    select
        file_id,
        source,
        dense_rank() over (order by source, delivery_key) as delivery_number,
        dense_rank() over (order by source, delivery_key, logical_file) as logical_file_number,
        dense_rank() over (order by sha256) as content_number,
        count(*) over (partition by source, delivery_key, logical_file) > 1 as has_copies
    from logical_files
),

documents_of_files as (
    select distinct
        invoice_id as document_id,
        file_id
    from {{ source('raw', 'invoice_lines') }}
),

carried as (
    select
        files.source,
        documents_of_files.document_id,
        files.file_id,
        files.delivery_number,
        files.logical_file_number,
        files.content_number,
        files.has_copies
    from documents_of_files
    inner join files on documents_of_files.file_id = files.file_id
),

latest_deliveries as (
    select
        source,
        document_id,
        max(delivery_number) as delivery_number
    from carried
    group by source, document_id
    having min(delivery_number) <> max(delivery_number)
),

latest_copies as (
    select
        document_id,
        logical_file_number,
        max(content_number) as content_number
    from carried
    where has_copies
    group by document_id, logical_file_number
)

select
    carried.source,
    carried.document_id,
    carried.file_id
from carried
left join latest_deliveries
    on
        carried.source = latest_deliveries.source
        and carried.document_id = latest_deliveries.document_id
left join latest_copies
    on
        carried.logical_file_number = latest_copies.logical_file_number
        and carried.document_id = latest_copies.document_id
where
    carried.delivery_number < latest_deliveries.delivery_number
    or carried.content_number < latest_copies.content_number
