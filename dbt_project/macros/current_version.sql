{#
    The version of each document that counts: of all deliveries that carry it, the one with the greatest
    (updated_at, delivery key, SHA-256). Rows of one file that claim the same key are told apart by their content,
    so that the order of rows never matters. A version that the mapping leaves out on purpose ends the earlier ones.
    `is_absent`: the newest delivery of an export that is delivered in full lacks it, so it was deleted.

    feed: a table of schema raw, which the CTE `source` holds; key: its key column; columns: its other columns.
#}
{% macro current_version(feed, key, columns) -%}
    select *
    from (
        select
            delivered.*,
            row_number() over (
                partition by delivered.source, delivered.{{ key }}
                order by
                    delivered.updated_at desc nulls last,
                    delivered.delivery_id desc nulls last,
                    delivered.sha256 desc,
                    {%- for column in columns %}
                    delivered.{{ column }} desc nulls last,
                    {%- endfor %}
                    delivered.source_row desc
            ) as version_rank,
            delivered.extent = 'full'
            and coalesce(
                max(delivered.delivery_id) over (partition by delivered.source, delivered.{{ key }})
                < newest_deliveries.delivery_key,
                false
            ) as is_absent
        from (
            select
                files.source,
                files.source || ':' || records.{{ key }} as record_id,
                records.{{ key }},
                {%- for column in columns %}
                records.{{ column }},
                {%- endfor %}
                records.updated_at,
                files.source_file,
                records.source_row,
                files.delivery_key as delivery_id,
                files.covers_on,
                files.sha256,
                files.extent,
                files.kind_of_file,
                true as is_taken
            from source as records
            inner join {{ source('raw', 'files') }} as files on records.file_id = files.file_id
            union all
            select
                files.source,
                files.source || ':' || not_taken.document_id as record_id,
                not_taken.document_id as {{ key }},
                {%- for column in columns %}
                null as {{ column }},
                {%- endfor %}
                not_taken.updated_at,
                files.source_file,
                not_taken.source_row,
                files.delivery_key as delivery_id,
                files.covers_on,
                files.sha256,
                files.extent,
                files.kind_of_file,
                false as is_taken
            from {{ source('raw', 'not_taken') }} as not_taken
            inner join {{ source('raw', 'files') }} as files on not_taken.file_id = files.file_id
            where
                files.feed = '{{ feed }}'
                and not_taken.document_id is not null
        ) as delivered
        left join (
            select
                source,
                kind_of_file,
                max(delivery_key) as delivery_key
            from {{ source('raw', 'files') }}
            where feed = '{{ feed }}'
            group by source, kind_of_file
        ) as newest_deliveries
            on
                delivered.source = newest_deliveries.source
                and delivered.kind_of_file = newest_deliveries.kind_of_file
    ) as ranked
    where is_taken
{%- endmacro %}
