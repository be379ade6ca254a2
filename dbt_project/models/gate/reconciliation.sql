{%- set feeds = [
    'accounts', 'contacts', 'opportunities', 'communications', 'feedback', 'billing_customers', 'invoices',
    'invoice_lines', 'payments', 'exchange_rates',
] -%}

with files as (
    select * from {{ source('raw', 'files') }}
),

stg_billing__invoices as (
    select * from {{ ref('stg_billing__invoices') }}
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

account_segments as (
    select * from {{ ref('account_segments') }}
),

unattributed_revenue as (
    select * from {{ ref('unattributed_revenue') }}
),

rows_kept as (
    {%- for feed in feeds %}
    select
        file_id,
        count(*) as kept
    from {{ source('raw', feed) }}
    group by file_id
    union all
    {%- endfor %}
    select
        file_id,
        count(*) as kept
    from {{ source('raw', 'quarantine') }}
    group by file_id
    union all
    select
        file_id,
        count(*) as kept
    from {{ source('raw', 'not_taken') }}
    group by file_id
),

rows_kept_by_file as (
    select
        file_id,
        sum(kept) as kept
    from rows_kept
    group by file_id
),

rows_by_feed as (
    select
        'rows read = rows loaded + rows quarantined + rows not taken' as rule,
        files.source || ':' || files.feed as subject,
        cast(sum(files.rows_read) as decimal(38, 4)) as expected,
        cast(sum(coalesce(rows_kept_by_file.kept, 0)) as decimal(38, 4)) as found,
        -- Two files that err in opposite directions don't cancel out.
        cast(sum(abs(files.rows_read - coalesce(rows_kept_by_file.kept, 0))) as decimal(38, 4)) as difference
    from files
    left join rows_kept_by_file on files.file_id = rows_kept_by_file.file_id
    group by files.source, files.feed
),

lines_that_are_documents as (
    select distinct source from stg_billing__invoice_lines
    where has_header
),

money_loaded as (
    select
        files.source,
        sum(files.money_loaded) as amount
    from files
    left join lines_that_are_documents on files.source = lines_that_are_documents.source
    where
        files.feed = 'invoices'
        or (files.feed = 'invoice_lines' and lines_that_are_documents.source is not null)
    group by files.source
),

money_kept as (
    select
        source,
        document_total as amount
    from fct_invoices
    union all
    select
        source,
        document_total as amount
    from stg_billing__invoices
    where not is_current
    union all
    select
        source,
        amount
    from stg_billing__invoice_lines
    where
        has_header
        and not is_current
),

money_kept_by_source as (
    select
        source,
        sum(amount) as amount
    from money_kept
    group by source
),

money_by_source as (
    select
        'money loaded = attributed + unattributed + void + superseded + not yet + non-revenue + without a rate' as rule,
        money_loaded.source as subject,
        cast(money_loaded.amount as decimal(38, 4)) as expected,
        cast(coalesce(money_kept_by_source.amount, 0) as decimal(38, 4)) as found,
        cast(abs(money_loaded.amount - coalesce(money_kept_by_source.amount, 0)) as decimal(38, 4)) as difference
    from money_loaded
    left join money_kept_by_source on money_loaded.source = money_kept_by_source.source
),

revenue_invoiced as (
    select coalesce(sum(total), 0) as amount
    from fct_invoices
    where money_state in ('attributed', 'unattributed')
),

revenue_of_accounts as (
    select coalesce(sum(revenue_lifetime), 0) as amount
    from account_segments
),

revenue_of_nobody as (
    select coalesce(sum(revenue), 0) as amount
    from unattributed_revenue
),

revenue_published as (
    select
        'revenue invoiced = revenue of all accounts + unattributed revenue' as rule,
        'all' as subject,
        cast(revenue_invoiced.amount as decimal(38, 4)) as expected,
        cast(revenue_of_accounts.amount + revenue_of_nobody.amount as decimal(38, 4)) as found,
        cast(
            abs(revenue_invoiced.amount - revenue_of_accounts.amount - revenue_of_nobody.amount) as decimal(38, 4)
        ) as difference
    from revenue_invoiced
    cross join revenue_of_accounts
    cross join revenue_of_nobody
)

select * from rows_by_feed
union all
select * from money_by_source
union all
select * from revenue_published
