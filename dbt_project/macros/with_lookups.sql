{#
    The records of a table of raw with what stands for the keys that its files hold in some columns, by the look-up that
    the mapping names. A key that the look-up lacks, or of which it has several values, becomes null: see
    `lookups_missed`. Files come in any order: what stands for a key is looked for at every build.

    table: a table of schema raw; looked_up: columns that may hold keys; kept: its other columns.
#}
{% macro with_lookups(table, looked_up, kept) -%}
    select
        {%- for column in kept %}
        records.{{ column }},
        {%- endfor %}
        {%- for column in looked_up %}
        case
            when keys_of_{{ column }}.lookup is null then records.{{ column }}
            else found_{{ column }}.lookup_value
        end as {{ column }},
        {%- endfor %}
        records.file_id,
        records.source_row
    from {{ source('raw', table) }} as records
    {%- for column in looked_up %}
    left join ({{ lookups_of_files(column) }}) as keys_of_{{ column }} on records.file_id = keys_of_{{ column }}.file_id
    left join {{ ref('int_lookups') }} as found_{{ column }}
        on
            keys_of_{{ column }}.source = found_{{ column }}.source
            and keys_of_{{ column }}.lookup = found_{{ column }}.lookup
            and records.{{ column }} = found_{{ column }}.lookup_key
            and not found_{{ column }}.is_ambiguous
    {%- endfor %}
{%- endmacro %}

{% macro lookups_of_files(column) -%}
    select
        looked_up_columns.file_id,
        looked_up_columns.lookup,
        files.source
    from {{ source('raw', 'looked_up_columns') }} as looked_up_columns
    inner join {{ source('raw', 'files') }} as files on looked_up_columns.file_id = files.file_id
    where looked_up_columns.column_name = '{{ column }}'
{%- endmacro %}
