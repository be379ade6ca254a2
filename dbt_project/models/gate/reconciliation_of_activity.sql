{%- set classes = ['attributed', 'unattributed', 'superseded', 'deleted', 'not_yet', 'no_rate'] -%}
{%- set feeds = ['opportunities', 'communications', 'feedback', 'payments'] -%}

with reconciliation_of_files as (
    select * from {{ ref('reconciliation_of_files') }}
),

int_activity_records as (
    select * from {{ ref('int_activity_records') }}
),

entries as (
    select
        source,
        source_file,
        feed,
        'loaded' as class,
        rows_loaded as records
    from reconciliation_of_files
    where feed in ('{{ feeds | join("', '") }}')
    union all
    select
        source,
        source_file,
        feed,
        class,
        count(*) as records
    from int_activity_records
    group by source, source_file, feed, class
),

figures as (
    select
        source,
        source_file,
        feed,
        {% for class in classes -%}
        cast(coalesce(sum(case when class = '{{ class }}' then records end), 0) as bigint) as {{ class }},
        {% endfor -%}
        cast(coalesce(sum(case when class = 'loaded' then records end), 0) as bigint) as loaded
    from entries
    group by source, source_file, feed
)

select
    *,
    cast(abs(loaded - ({{ classes | join(' + ') }})) as bigint) as difference
from figures
