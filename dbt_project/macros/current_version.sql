{#
    The version of each document that counts: of all deliveries that carry it, the one with the greatest
    (updated_at, delivery key, SHA-256). Rows of one file that claim the same key are told apart by their content,
    so that the order of rows never matters.

    records: a relation of schema raw; key: its key column; columns: its other columns.
#}
{% macro current_version(records, key, columns) -%}
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
        row_number() over (
            partition by files.source, records.{{ key }}
            order by
                records.updated_at desc nulls last,
                files.delivery_key desc nulls last,
                files.sha256 desc,
                {%- for column in columns %}
                records.{{ column }} desc nulls last,
                {%- endfor %}
                records.source_row desc
        ) as version_rank,
        files.extent = 'full' and files.delivery_key < max(files.delivery_key) over (partition by files.source) as is_absent
    from {{ records }} as records
    inner join {{ source('raw', 'files') }} as files on records.file_id = files.file_id
{%- endmacro %}
