with reconciliation_of_files as (
    select * from {{ ref('reconciliation_of_files') }}
),

reconciliation_of_money as (
    select * from {{ ref('reconciliation_of_money') }}
),

reconciliation_of_activity as (
    select * from {{ ref('reconciliation_of_activity') }}
),

int_invoices_by_file as (
    select * from {{ ref('int_invoices_by_file') }}
),

account_segments as (
    select * from {{ ref('account_segments') }}
),

unattributed_revenue as (
    select * from {{ ref('unattributed_revenue') }}
),

-- Two files that err in opposite directions don't cancel out: differences are added by file.
rows_by_feed as (
    select
        'rows read = rows loaded + rows quarantined + rows not taken' as rule,
        source || ':' || feed as subject,
        cast(sum(rows_read) as decimal(38, 4)) as expected,
        cast(sum(rows_loaded + rows_quarantined + rows_excluded) as decimal(38, 4)) as found,
        cast(sum(rows_difference) as decimal(38, 4)) as difference
    from reconciliation_of_files
    group by source, feed
),

activity_by_feed as (
    select
        'rows loaded = attributed + unattributed + superseded + deleted + not yet + without a rate' as rule,
        source || ':' || feed as subject,
        cast(sum(loaded) as decimal(38, 4)) as expected,
        cast(sum(attributed + unattributed + superseded + deleted + not_yet + no_rate) as decimal(38, 4)) as found,
        cast(sum(difference) as decimal(38, 4)) as difference
    from reconciliation_of_activity
    group by source, feed
),

money_by_feed as (
    select
        'money read = money loaded + money quarantined + money not taken' as rule,
        source || ':' || feed as subject,
        cast(sum(money_read) as decimal(38, 4)) as expected,
        cast(sum(money_loaded + money_quarantined + money_excluded) as decimal(38, 4)) as found,
        cast(sum(money_difference) as decimal(38, 4)) as difference
    from reconciliation_of_files
    where feed in ('invoices', 'invoice_lines', 'payments')
    group by source, feed
),

money_by_currency as (
    select
        'money loaded = attributed + unattributed + void + superseded + not yet + non-revenue + without a rate'
        || ' + without lines + itemised + without an invoice' as rule,
        source || ':' || coalesce(currency, 'no currency') as subject,
        cast(sum(loaded) as decimal(38, 4)) as expected,
        cast(sum(found) as decimal(38, 4)) as found,
        cast(sum(difference) as decimal(38, 4)) as difference
    from reconciliation_of_money
    group by source, currency
),

revenue_invoiced as (
    select coalesce(sum(total), 0) as amount
    from int_invoices_by_file
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
select * from activity_by_feed
union all
select * from money_by_feed
union all
select * from money_by_currency
union all
select * from revenue_published
