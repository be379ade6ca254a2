{#
    The version of each document that counts: of all deliveries that carry it, the one with the greatest
    (updated_at, delivery key, SHA-256). Rows of one file that claim the same key are told apart by their content,
    so that the order of rows never matters. A version that the mapping leaves out on purpose ends the earlier ones.
    `is_absent`: the newest delivery of an export that is delivered in full lacks it, so it was deleted.

    Most documents are delivered once: only those that aren't are sorted.

    feed: a table of schema raw, which the CTE `source` holds; key: its key column; columns: its other columns.
#}
{% macro current_version(feed, key, columns) -%}
    with delivered as {{ inlined() }} (
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
    ),

    newest_deliveries as (
        select
            source,
            kind_of_file,
            max(delivery_key) as delivery_key
        from {{ source('raw', 'files') }}
        where feed = '{{ feed }}'
        group by source, kind_of_file
    ),

    delivered_again as (
        select
            source,
            {{ key }}
        from delivered
        group by source, {{ key }}
        having count(*) > 1
    ),

    ranked as (
        select
            delivered.*,
            1 as version_rank,
            delivered.delivery_id as last_delivery_id
        from delivered
        left join delivered_again
            on
                delivered.source = delivered_again.source
                and delivered.{{ key }} = delivered_again.{{ key }}
        where delivered_again.source is null
        union all
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
            max(delivered.delivery_id) over (partition by delivered.source, delivered.{{ key }}) as last_delivery_id
        from delivered
        inner join delivered_again
            on
                delivered.source = delivered_again.source
                and delivered.{{ key }} = delivered_again.{{ key }}
    )

    select
        ranked.*,
        ranked.extent = 'full'
        and coalesce(ranked.last_delivery_id < newest_deliveries.delivery_key, false) as is_absent
    from ranked
    left join newest_deliveries
        on
            ranked.source = newest_deliveries.source
            and ranked.kind_of_file = newest_deliveries.kind_of_file
    where ranked.is_taken
{%- endmacro %}
