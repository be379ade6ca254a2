with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where
        account_id is not null
        and money_state in ('attributed', 'void')
),

fct_payments as (
    select * from {{ ref('fct_payments') }}
    where
        account_id is not null
        and amount is not null
),

int_credits_applied as (
    select * from {{ ref('int_credits_applied') }}
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
    where account_id is not null
),

stg_crm__opportunities as (
    select * from {{ ref('stg_crm__opportunities') }}
    where
        is_current
        and not is_deleted
),

stg_crm__communications as (
    select * from {{ ref('stg_crm__communications') }}
    where
        is_current
        and not is_deleted
),

stg_crm__feedback as (
    select * from {{ ref('stg_crm__feedback') }}
    where
        is_current
        and not is_deleted
),

stg_billing__exchange_rates as (
    select * from {{ ref('stg_billing__exchange_rates') }}
),

rates_in_force as (
    {{ rates_in_force('stg_billing__exchange_rates', 'stg_crm__opportunities', 'opened_on') }}
),

invoice_events as (
    select
        fct_invoices.kind || ':' || fct_invoices.invoice_id as event_id,
        'invoices' as feed,
        fct_invoices.invoice_id as record_id,
        fct_invoices.account_id,
        fct_invoices.kind,
        cast(null as varchar) as direction,
        fct_invoices.status as outcome,
        cast(null as varchar) as words,
        fct_invoices.total as amount,
        fct_invoices.units,
        int_credits_applied.total_before,
        int_credits_applied.total_after,
        cast(null as decimal(18, 9)) as normalised_score,
        fct_invoices.issued_on as occurred_on,
        fct_invoices.issued_at as occurred_at,
        fct_invoices.source,
        fct_invoices.source_file,
        fct_invoices.source_row
    from fct_invoices
    left join int_credits_applied on fct_invoices.invoice_id = int_credits_applied.invoice_id
),

payment_events as (
    select
        'payment:' || payment_id as event_id,
        'payments' as feed,
        payment_id as record_id,
        account_id,
        'payment' as kind,
        'inbound' as direction,
        cast(null as varchar) as outcome,
        cast(null as varchar) as words,
        amount,
        cast(null as decimal(18, 4)) as units,
        cast(null as double) as total_before,
        cast(null as double) as total_after,
        cast(null as decimal(18, 9)) as normalised_score,
        paid_on as occurred_on,
        paid_at as occurred_at,
        source,
        source_file,
        source_row
    from fct_payments
),

valued_opportunities as (
    select
        stg_crm__opportunities.*,
        int_accounts_merged.account_id,
        {{ in_reporting_currency('stg_crm__opportunities.amount', 'stg_crm__opportunities.currency', 'rates_in_force') }}
            as reporting_amount
    from stg_crm__opportunities
    inner join int_accounts_merged on stg_crm__opportunities.crm_account_id = int_accounts_merged.crm_account_id
    left join rates_in_force
        on
            stg_crm__opportunities.currency = rates_in_force.currency
            and stg_crm__opportunities.opened_on = rates_in_force.in_force_on
),

opportunity_events as (
    select
        'opportunity:' || opportunity_id || ':opened' as event_id,
        'opportunities' as feed,
        opportunity_id as record_id,
        account_id,
        'opportunity' as kind,
        cast(null as varchar) as direction,
        'opened' as outcome,
        cast(null as varchar) as words,
        reporting_amount as amount,
        cast(null as decimal(18, 4)) as units,
        cast(null as double) as total_before,
        cast(null as double) as total_after,
        cast(null as decimal(18, 9)) as normalised_score,
        opened_on as occurred_on,
        opened_at as occurred_at,
        source,
        source_file,
        source_row
    from valued_opportunities
    where opened_at is not null
    union all
    select
        'opportunity:' || opportunity_id || ':closed' as event_id,
        'opportunities' as feed,
        opportunity_id as record_id,
        account_id,
        'opportunity' as kind,
        cast(null as varchar) as direction,
        outcome,
        cast(null as varchar) as words,
        reporting_amount as amount,
        cast(null as decimal(18, 4)) as units,
        cast(null as double) as total_before,
        cast(null as double) as total_after,
        cast(null as decimal(18, 9)) as normalised_score,
        closed_on as occurred_on,
        closed_at as occurred_at,
        source,
        source_file,
        source_row
    from valued_opportunities
    where
        outcome is not null
        and closed_at is not null
),

communication_events as (
    select
        'communication:' || stg_crm__communications.communication_id as event_id,
        'communications' as feed,
        stg_crm__communications.communication_id as record_id,
        int_accounts_merged.account_id,
        stg_crm__communications.channel as kind,
        stg_crm__communications.direction,
        stg_crm__communications.outcome,
        stg_crm__communications.subject as words,
        cast(null as decimal(18, 4)) as amount,
        cast(null as decimal(18, 4)) as units,
        cast(null as double) as total_before,
        cast(null as double) as total_after,
        cast(null as decimal(18, 9)) as normalised_score,
        stg_crm__communications.occurred_on,
        stg_crm__communications.occurred_at,
        stg_crm__communications.source,
        stg_crm__communications.source_file,
        stg_crm__communications.source_row
    from stg_crm__communications
    inner join int_accounts_merged on stg_crm__communications.crm_account_id = int_accounts_merged.crm_account_id
),

feedback_events as (
    select
        'feedback:' || stg_crm__feedback.feedback_id as event_id,
        'feedback' as feed,
        stg_crm__feedback.feedback_id as record_id,
        int_accounts_merged.account_id,
        stg_crm__feedback.kind,
        'inbound' as direction,
        case
            when stg_crm__feedback.kind <> 'complaint' then cast(null as varchar)
            when stg_crm__feedback.resolved_on <= {{ as_of_date() }} then 'resolved'
            else 'open'
        end as outcome,
        stg_crm__feedback.comment as words,
        cast(null as decimal(18, 4)) as amount,
        cast(null as decimal(18, 4)) as units,
        cast(null as double) as total_before,
        cast(null as double) as total_after,
        stg_crm__feedback.normalised_score,
        stg_crm__feedback.given_on as occurred_on,
        stg_crm__feedback.given_at as occurred_at,
        stg_crm__feedback.source,
        stg_crm__feedback.source_file,
        stg_crm__feedback.source_row
    from stg_crm__feedback
    inner join int_accounts_merged on stg_crm__feedback.crm_account_id = int_accounts_merged.crm_account_id
),

events as (
    select * from invoice_events
    union all
    select * from payment_events
    union all
    select * from opportunity_events
    union all
    select * from communication_events
    union all
    select * from feedback_events
)

select * from events
where occurred_on <= {{ as_of_date() }}
