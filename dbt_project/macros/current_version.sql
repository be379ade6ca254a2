{#
    The version of each document that counts: of all deliveries that carry it, the one with the greatest
    (updated_at, delivery key, SHA-256). Rows of one file that claim the same key are told apart by their content,
    so that the order of rows never matters. A version that the mapping leaves out on purpose ends the earlier ones.
    `is_latest` says which it is. `is_absent`: the newest delivery of an export that is delivered in full lacks the
    document, so it was deleted.

    Most documents are delivered once, or by two files: of these the greatest values tell the later. Only the others are sorted.

    feed: a table of schema raw, which the CTE `source` holds; key: its key column; columns: its other columns.
#}
{% macro current_version(feed, key, columns) -%}
    {%- set never = "cast('0001-01-01' as timestamp)" -%}
    with files_in_order as (
        select
            *,
            case when delivery_key is not null then dense_rank() over (order by delivery_key nulls first) end as delivery_number,
            dense_rank() over (order by delivery_key nulls first, sha256) as file_number,
            dense_rank() over (order by source) as source_number
        from {{ source('raw', 'files') }}
    ),

    -- Numbered, because millions of documents are compared by them.
    files as (
        select
            *,
            max(case when feed = '{{ feed }}' then delivery_number end) over (
                partition by source, kind_of_file
            ) as newest_delivery_number
        from files_in_order
    ),

    delivered as (
        select
            files.source,
            files.source_number,
            records.{{ key }},
            {%- for column in columns %}
            records.{{ column }},
            {%- endfor %}
            records.updated_at,
            files.source_file,
            records.source_row,
            files.delivery_key as delivery_id,
            files.covers_on,
            files.delivery_number,
            files.newest_delivery_number,
            files.file_number,
            files.extent,
            true as is_taken
        from source as records
        inner join files on records.file_id = files.file_id
        union all
        select
            files.source,
            files.source_number,
            not_taken.document_id as {{ key }},
            {%- for column in columns %}
            null as {{ column }},
            {%- endfor %}
            not_taken.updated_at,
            files.source_file,
            not_taken.source_row,
            files.delivery_key as delivery_id,
            files.covers_on,
            files.delivery_number,
            files.newest_delivery_number,
            files.file_number,
            files.extent,
            false as is_taken
        from {{ source('raw', 'not_taken') }} as not_taken
        inner join files on not_taken.file_id = files.file_id
        where
            files.feed = '{{ feed }}'
            and not_taken.document_id is not null
    ),

    delivered_again as (
        select
            source_number,
            {{ key }},
            max(delivery_number) as delivery_number,
            max(file_number) as file_number,
            min(coalesce(updated_at, {{ never }})) as first_updated_at,
            max(coalesce(updated_at, {{ never }})) as updated_at,
            count(*) = 2 and min(file_number) <> max(file_number) as is_by_two_files
        from delivered
        group by source_number, {{ key }}
        having count(*) > 1
    ),

    ranked as (
        select
            delivered.*,
            delivered_again.source_number is null
            or (
                coalesce(delivered.updated_at, {{ never }}) = delivered_again.updated_at
                and (
                    delivered.file_number = delivered_again.file_number
                    or delivered_again.first_updated_at < delivered_again.updated_at
                )
            ) as is_latest,
            coalesce(delivered_again.delivery_number, delivered.delivery_number) as last_delivery_number
        from delivered
        left join delivered_again
            on
                delivered.source_number = delivered_again.source_number
                and delivered.{{ key }} = delivered_again.{{ key }}
        where coalesce(delivered_again.is_by_two_files, true)
        union all
        select
            delivered.*,
            row_number() over (
                partition by delivered.source_number, delivered.{{ key }}
                order by
                    delivered.updated_at desc nulls last,
                    delivered.file_number desc,
                    {%- for column in columns %}
                    delivered.{{ column }} desc nulls last,
                    {%- endfor %}
                    delivered.source_row desc
            ) = 1 as is_latest,
            delivered_again.delivery_number as last_delivery_number
        from delivered
        inner join delivered_again
            on
                delivered.source_number = delivered_again.source_number
                and delivered.{{ key }} = delivered_again.{{ key }}
        where not delivered_again.is_by_two_files
    )

    select
        *,
        source || ':' || {{ key }} as record_id,
        extent = 'full' and coalesce(last_delivery_number < newest_delivery_number, false) as is_absent
    from ranked
    where is_taken
{%- endmacro %}
