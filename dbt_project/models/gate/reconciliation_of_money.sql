{%- set classes = [
    'attributed', 'unattributed', 'void', 'superseded', 'not_yet', 'non_revenue', 'no_rate', 'itemised',
    'without_invoice',
] -%}

with files as (
    select
        file_id,
        source,
        source_file
    from {{ source('raw', 'files') }}
),

int_document_money as (
    select * from {{ ref('int_document_money') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

loaded as (
    select
        file_id,
        currency,
        sum(total) as amount
    from {{ source('raw', 'invoices') }}
    group by file_id, currency
    union all
    select
        file_id,
        currency,
        sum(amount) as amount
    from {{ source('raw', 'invoice_lines') }}
    group by file_id, currency
),

-- What has become of an invoice is known of each that there is, and of no other.
invoices as (
    select
        source,
        source_file,
        currency,
        money_state as class,
        abs(document_total) as volume
    from fct_invoices
    union all
    select
        source,
        source_file,
        currency,
        class,
        -volume as volume
    from int_document_money
    where volume is not null
),

entries as (
    select
        files.source,
        files.source_file,
        upper(loaded.currency) as currency,
        'loaded' as class,
        loaded.amount,
        0 as unexplained
    from loaded
    inner join files on loaded.file_id = files.file_id
    union all
    select
        source,
        source_file,
        currency,
        class,
        sum(amount) as amount,
        -- Amounts of either sign don't cancel out.
        sum(case when class is null then abs(amount) else 0 end) as unexplained
    from int_document_money
    group by source, source_file, currency, class
    union all
    select
        source,
        source_file,
        currency,
        cast(null as varchar) as class,
        0 as amount,
        abs(sum(volume)) as unexplained
    from invoices
    group by source, source_file, currency, class
),

figures as (
    select
        source,
        source_file,
        currency,
        cast(coalesce(sum(case when class = 'loaded' then amount end), 0) as decimal(38, 4)) as loaded,
        {%- for class in classes %}
        cast(coalesce(sum(case when class = '{{ class }}' then amount end), 0) as decimal(38, 4)) as {{ class }},
        {%- endfor %}
        cast(sum(unexplained) as decimal(38, 4)) as unexplained
    from entries
    group by source, source_file, currency
)

select
    *,
    cast({{ classes | join(' + ') }} as decimal(38, 4)) as found,
    cast(
        greatest(abs(loaded - ({{ classes | join(' + ') }})), unexplained) as decimal(38, 4)
    ) as difference
from figures
