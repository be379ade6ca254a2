{%- set feeds = [
    'accounts', 'contacts', 'opportunities', 'communications', 'feedback', 'billing_customers', 'invoices', 'payments',
] -%}

with line_versions as (
    select * from {{ ref('int_line_versions') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where is_current
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

{% for feed in feeds -%}
contradicted_{{ feed }} as (
    {{ contradicted_versions(feed) }}
),

{% endfor -%}
current_lines as (
    select * from line_versions
    where is_current
),

-- Copies of one file, or deliveries, of which nothing says which is the later; or two files that say the same twice.
contradicted_lines as (
    select distinct
        case
            when
                counting.delivery_number = others.delivery_number
                and counting.logical_file <> others.logical_file
                then 'repeated_records'
            else 'undecided_records'
        end as measure,
        'invoice_lines' as feed,
        counting.source,
        counting.document_id,
        counting.source_file,
        cast(null as bigint) as source_row,
        cast(counting.line_count as varchar) || ' lines of ' || cast(counting.amount as varchar) || ' or '
        || cast(others.line_count as varchar) || ' lines of ' || cast(others.amount as varchar)
        || '; the other stands in ' || others.source_file as detail,
        others.amount,
        cast(null as varchar) as currency
    from current_lines as counting
    inner join line_versions as others
        on
            counting.source = others.source
            and counting.document_id = others.document_id
            and counting.file_id <> others.file_id
    where
        case
            when counting.delivery_number <> others.delivery_number
                then
                    others.copy_rank = 1
                    and counting.delivery_content <> others.delivery_content
                    and counting.landed_in = others.landed_in
                    and (
                        counting.delivery_position = others.delivery_position
                        or counting.is_dated <> others.is_dated
                    )
            when counting.logical_file = others.logical_file
                then
                    counting.content <> others.content
                    and counting.file_position = others.file_position
            else others.is_current and counting.content = others.content and counting.file_id > others.file_id
        end
),

shared_lines as (
    select
        'shared_numbers' as measure,
        'invoice_lines' as feed,
        source,
        document_id,
        min(source_file) as source_file,
        cast(null as bigint) as source_row,
        'customers ' || string_agg(distinct customer_code, ', ' order by customer_code) as detail,
        cast(sum(abs(amount)) as decimal(38, 4)) as amount,
        max(currency) as currency
    from stg_billing__invoice_lines
    group by source, document_id
    having min(customer_code) <> max(customer_code)
),

contradicted as (
    {%- for feed in feeds %}
    select * from contradicted_{{ feed }}
    union all
    {%- endfor %}
    select * from contradicted_lines
    union all
    select * from shared_lines
)

select
    contradicted.measure,
    contradicted.feed,
    contradicted.source,
    contradicted.document_id,
    contradicted.source_file,
    contradicted.source_row,
    cast(case
        when contradicted.feed in ('invoices', 'invoice_lines')
            then round(contradicted.amount * coalesce(fct_invoices.rate, 1), 4)
    end as decimal(38, 4)) as revenue_at_stake,
    contradicted.detail || coalesce(
        '; ' || cast(cast(contradicted.amount as decimal(18, 2)) as varchar)
        || coalesce(' ' || coalesce(contradicted.currency, fct_invoices.currency), '') || ' at stake', ''
    ) as detail
from contradicted
left join fct_invoices on contradicted.source || ':' || contradicted.document_id = fct_invoices.invoice_id
