with fct_account_events as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month
    from {{ ref('fct_account_events') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where is_current
),

events_by_month as (
    select
        account_id,
        month,
        count(case when kind = 'invoice' and outcome <> 'void' and amount > 0 then 1 end) as invoices,
        count(case when kind = 'credit_note' and outcome <> 'void' then 1 end) as credit_notes,
        sum(
            case when kind in ('invoice', 'credit_note', 'adjustment') and outcome <> 'void' then amount else 0 end
        ) as revenue,
        count(case when kind = 'payment' then 1 end) as payments,
        count(
            case when kind in ('email', 'call', 'meeting', 'chat', 'letter') and direction = 'inbound' then 1 end
        ) as communications_in,
        count(
            case when kind in ('email', 'call', 'meeting', 'chat', 'letter') and direction = 'outbound' then 1 end
        ) as communications_out,
        avg(normalised_score) as feedback_score
    from fct_account_events
    group by account_id, month
),

units_by_month as (
    select
        fct_invoices.account_id,
        cast({{ dbt.date_trunc('month', 'fct_invoices.issued_on') }} as date) as month,
        sum(stg_billing__invoice_lines.quantity) as units
    from stg_billing__invoice_lines
    inner join fct_invoices on stg_billing__invoice_lines.invoice_id = fct_invoices.invoice_id
    group by fct_invoices.account_id, cast({{ dbt.date_trunc('month', 'fct_invoices.issued_on') }} as date)
)

select
    events_by_month.account_id,
    events_by_month.month,
    cast(events_by_month.invoices as integer) as invoices,
    cast(events_by_month.credit_notes as integer) as credit_notes,
    cast(events_by_month.revenue as decimal(18, 4)) as revenue,
    cast(coalesce(units_by_month.units, 0) as decimal(18, 4)) as units,
    cast(events_by_month.payments as integer) as payments,
    cast(events_by_month.communications_in as integer) as communications_in,
    cast(events_by_month.communications_out as integer) as communications_out,
    cast(round(events_by_month.feedback_score, 9) as decimal(18, 9)) as feedback_score
from events_by_month
left join units_by_month
    on
        events_by_month.account_id = units_by_month.account_id
        and events_by_month.month = units_by_month.month
