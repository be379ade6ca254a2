with int_feeds_watched as (
    select * from {{ ref('int_feeds_watched') }}
    where is_late
),

fct_account_events as (
    select * from {{ ref('fct_account_events') }}
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
    fct_account_events.account_id,
    min(late_feeds.watermark_on) as known_until
from fct_account_events
inner join late_feeds
    on
        fct_account_events.source = late_feeds.source
        and late_feeds.feed = case
            when fct_account_events.kind in ('invoice', 'credit_note', 'adjustment') then 'invoices'
            when fct_account_events.kind = 'payment' then 'payments'
            when fct_account_events.kind = 'opportunity' then 'opportunities'
            when fct_account_events.kind in ('nps', 'csat', 'survey', 'complaint') then 'feedback'
            else 'communications'
        end
group by fct_account_events.account_id
