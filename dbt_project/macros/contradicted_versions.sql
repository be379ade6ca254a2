{#
    Of a table of whole records: each version that states something else than the one that counts, though nothing says
    that it is the earlier. One row per record and such version.
#}
{% macro contradicted_versions(feed) -%}
    {%- set record = records_of(feed) -%}
    {%- set private = ['name', 'email', 'phone', 'subject', 'comment'] -%}
    with versions as (
        {{ record_versions(feed, source('raw', feed)) }}
    ),

    repeated as (
        select
            source,
            {{ record.key }}
        from versions
        group by source, {{ record.key }}
        having count(*) > 1
    ),

    ranked as (
        select
            versions.*,
            row_number() over (
                partition by versions.source, versions.{{ record.key }}
                order by
                    {{ latest_first(feed, 'versions') }}
            ) as version_rank
        from versions
        inner join repeated
            on
                versions.source = repeated.source
                and versions.{{ record.key }} = repeated.{{ record.key }}
    ),

    compared as (
        select
            counting.source,
            counting.{{ record.key }} as document_id,
            counting.source_file,
            counting.source_row,
            others.source_file as other_file,
            others.source_row as other_row,
            {% if feed == 'invoices' -%}
            counting.delivery_number = others.delivery_number
            and counting.customer_id <> others.customer_id
            and (counting.file_id = others.file_id or counting.logical_file <> others.logical_file) as is_shared,
            {%- else -%}
            false as is_shared,
            {%- endif %}
            not (counting.updated_at is distinct from others.updated_at) as is_of_one_time,
            counting.file_id = others.file_id as is_of_one_file,
            not (counting.landed_in is distinct from others.landed_in)
            and (counting.file_position = others.file_position or counting.is_dated <> others.is_dated) as is_undecided,
            {% if record.money -%}
            abs(coalesce(others.{{ record.money }}, counting.{{ record.money }})) as amount,
            upper(coalesce(others.currency, counting.currency)) as currency,
            {%- else -%}
            cast(null as decimal(18, 4)) as amount,
            cast(null as varchar) as currency,
            {%- endif %}
            concat_ws(
                '; ',
                case
                    when counting.is_taken <> others.is_taken
                        then case when counting.is_taken then 'taken or left out' else 'left out or taken' end
                end,
                {%- for column in record.columns %}
                case
                    when
                        counting.is_taken and others.is_taken
                        and counting.{{ column }} is distinct from others.{{ column }}
                        then '{{ column }} ' || {% if column in private -%}
                            'differs'
                        {%- else -%}
                            coalesce(cast(counting.{{ column }} as varchar), 'blank')
                            || ' or ' || coalesce(cast(others.{{ column }} as varchar), 'blank')
                        {%- endif %}
                end{{ ',' if not loop.last }}
                {%- endfor %}
            ) as differences
        from ranked as counting
        inner join ranked as others
            on
                counting.source = others.source
                and counting.{{ record.key }} = others.{{ record.key }}
                and counting.version_rank = 1
                and others.version_rank > 1
    )

    select
        case
            when is_shared then 'shared_numbers'
            when is_of_one_file then 'repeated_records'
            else 'undecided_records'
        end as measure,
        '{{ feed }}' as feed,
        source,
        document_id,
        source_file,
        source_row,
        differences || '; the other stands in ' || other_file || ', row ' || cast(other_row as varchar) as detail,
        cast(amount as decimal(38, 4)) as amount,
        currency
    from compared
    where
        differences <> ''
        and (is_shared or (is_of_one_time and (is_of_one_file or is_undecided)))
{%- endmacro %}
