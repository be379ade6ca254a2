{%- set keys = {
    'invoices': ['invoice_id', ['customer_id']],
    'invoice_lines': ['invoice_id', ['customer_id', 'product_code', 'description']],
    'payments': ['payment_id', ['customer_id']],
} -%}

with int_lookups as (
    select * from {{ ref('int_lookups') }}
),

files as (
    select * from {{ source('raw', 'files') }}
),

{% for table, (document_id, columns) in keys.items() -%}
{% for column in columns -%}
keys_of_{{ table }}_{{ column }} as (
    {{ lookups_of_files(column) }}
),

{% endfor -%}
{% endfor -%}
missed as (
    {%- for table, (document_id, columns) in keys.items() %}
    {%- set last_table = loop.last %}
    {%- for column in columns %}
    select
        keys_of_column.source,
        '{{ table }}' as feed,
        records.file_id,
        records.source_row,
        records.{{ document_id }} as document_id,
        '{{ column }}' as column_name,
        records.{{ column }} as lookup_key,
        keys_of_column.lookup,
        coalesce(int_lookups.is_ambiguous, false) as is_ambiguous
    from {{ source('raw', table) }} as records
    inner join keys_of_{{ table }}_{{ column }} as keys_of_column on records.file_id = keys_of_column.file_id
    left join int_lookups
        on
            keys_of_column.source = int_lookups.source
            and keys_of_column.lookup = int_lookups.lookup
            and records.{{ column }} = int_lookups.lookup_key
    where
        records.{{ column }} is not null
        and (int_lookups.lookup_key is null or int_lookups.is_ambiguous)
    {{ 'union all' if not (last_table and loop.last) }}
    {%- endfor %}
    {%- endfor %}
)

select
    missed.source,
    missed.feed,
    files.source_file,
    missed.source_row,
    files.delivery_key as delivery_id,
    missed.document_id,
    missed.column_name,
    missed.lookup_key,
    case
        when missed.is_ambiguous then 'has several values in the look-up ' || missed.lookup
        else 'is not in the look-up ' || missed.lookup
    end || ': it counts as blank' as reason
from missed
inner join files on missed.file_id = files.file_id
