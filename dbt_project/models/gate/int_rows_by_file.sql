{%- set feeds = {
    'accounts': none, 'contacts': none, 'opportunities': none, 'communications': none,
    'communication_accounts': none, 'opportunity_accounts': none, 'account_merges': none,
    'opportunity_merges': none, 'feedback': none, 'billing_customers': none, 'payments': 'amount',
    'exchange_rates': none, 'lookups': none,
} -%}

with counted as (
    {%- for feed, money in feeds.items() %}
    select
        '{{ feed }}' as feed,
        file_id,
        cast(null as varchar) as currency,
        count(*) as rows_loaded,
        {{ 'sum(' ~ money ~ ')' if money else '0' }} as money_loaded
    from {{ source('raw', feed) }}
    group by file_id
    union all
    {%- endfor %}
    select
        'invoices' as feed,
        file_id,
        currency,
        count(*) as rows_loaded,
        sum(total) as money_loaded
    from {{ source('raw', 'invoices') }}
    group by file_id, currency
    union all
    -- Most lines name none: grouped by a number alone, millions take less than half the time.
    select
        'invoice_lines' as feed,
        file_id,
        cast(null as varchar) as currency,
        count(*) - count(currency) as rows_loaded,
        sum(case when currency is null then amount end) as money_loaded
    from {{ source('raw', 'invoice_lines') }}
    group by file_id
    having count(*) > count(currency)
    union all
    select
        'invoice_lines' as feed,
        file_id,
        currency,
        count(*) as rows_loaded,
        sum(amount) as money_loaded
    from {{ source('raw', 'invoice_lines') }}
    where currency is not null
    group by file_id, currency
)

select
    feed,
    file_id,
    currency,
    cast(rows_loaded as bigint) as rows_loaded,
    cast(money_loaded as decimal(38, 4)) as money_loaded
from counted
