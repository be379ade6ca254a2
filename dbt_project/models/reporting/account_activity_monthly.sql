with fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

events as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month
    from fct_account_events
)

select
    account_id,
    month,
    cast(count(case when kind = 'invoice' and outcome <> 'void' and amount > 0 then 1 end) as integer) as invoices,
    cast(count(case when kind = 'credit_note' and outcome <> 'void' then 1 end) as integer) as credit_notes,
    cast(sum(
        case when kind in ('invoice', 'credit_note', 'adjustment') and outcome <> 'void' then amount else 0 end
    ) as decimal(18, 4)) as revenue,
    cast(coalesce(
        sum(case when kind in ('invoice', 'credit_note', 'adjustment') and outcome <> 'void' then units end), 0
    ) as decimal(18, 4)) as units,
    cast(count(case when kind = 'payment' then 1 end) as integer) as payments,
    cast(count(
        case when kind in ('email', 'call', 'meeting', 'chat', 'letter') and direction = 'inbound' then 1 end
    ) as integer) as communications_in,
    cast(count(
        case when kind in ('email', 'call', 'meeting', 'chat', 'letter') and direction = 'outbound' then 1 end
    ) as integer) as communications_out,
    cast(round(avg(normalised_score), 9) as decimal(18, 9)) as feedback_score
from events
group by account_id, month
