with int_feeds_watched as (
    select * from {{ ref('int_feeds_watched') }}
    where is_late
),

fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

account_feeds as (
    select distinct
        account_id,
        source,
        case
            when kind in ('invoice', 'credit_note', 'adjustment') then 'invoices'
            when kind = 'payment' then 'payments'
            when kind = 'opportunity' then 'opportunities'
            when kind in ('nps', 'csat', 'survey', 'complaint') then 'feedback'
            else 'communications'
        end as feed
    from fct_account_events
),

late_feeds as (
    select
        source,
        -- A line-level file delivers both the invoices and their lines.
        case when feed = 'invoice_lines' then 'invoices' else feed end as feed,
        min(watermark_on) as watermark_on
    from int_feeds_watched
    group by source, case when feed = 'invoice_lines' then 'invoices' else feed end
)

select
    account_feeds.account_id,
    min(late_feeds.watermark_on) as known_until
from account_feeds
inner join late_feeds
    on
        account_feeds.source = late_feeds.source
        and account_feeds.feed = late_feeds.feed
group by account_feeds.account_id
