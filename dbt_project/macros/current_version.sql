{#
    The version of each record that counts: the one with the greatest updated_at, else of the latest delivery; see
    int_files_ordered. `is_latest` says which it is. `is_absent`: the newest delivery of an export that is delivered in
    full lacks the record, so it was deleted.

    Most records are delivered once: only the others are sorted.

    feed: a table of schema raw, which the CTE `source` holds.
#}
{% macro current_version(feed) -%}
    {%- set key = records_of(feed).key -%}
    with delivered as (
        {{ record_versions(feed, 'source') }}
    ),

    delivered_again as (
        select
            source,
            {{ key }},
            min(case when is_outdated then 1 else 0 end) as is_absent
        from delivered
        group by source, {{ key }}
        having count(*) > 1
    ),

    ranked as (
        select
            delivered.*,
            true as is_latest,
            delivered.is_outdated as is_absent
        from delivered
        left join delivered_again
            on
                delivered.source = delivered_again.source
                and delivered.{{ key }} = delivered_again.{{ key }}
        where delivered_again.{{ key }} is null
        union all
        select
            delivered.*,
            row_number() over (
                partition by delivered.source, delivered.{{ key }}
                order by
                    {{ latest_first(feed, 'delivered') }}
            ) = 1 as is_latest,
            delivered_again.is_absent = 1 as is_absent
        from delivered
        inner join delivered_again
            on
                delivered.source = delivered_again.source
                and delivered.{{ key }} = delivered_again.{{ key }}
    )

    select
        *,
        source || ':' || {{ key }} as record_id
    from ranked
    where is_taken
{%- endmacro %}
