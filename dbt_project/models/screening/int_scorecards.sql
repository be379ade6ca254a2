with written_scorecards as (
    select * from {{ source('config', 'scorecards') }}
),

default_scorecard as (
    select * from {{ ref('default_scorecard') }}
),

positive_invoices as (
    select
        total,
        issued_on
    from {{ ref('fct_invoices') }}
    where
        kind = 'invoice'
        and money_state = 'attributed'
        and total > 0
),

fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

median_invoice as (
    select cast(round(median(total), 4) as decimal(18, 4)) as typical_invoice
    from positive_invoices
),

first_event as (
    select coalesce(min(occurred_on), {{ as_of_date() }}) as epoch
    from fct_account_events
),

first_scorecard as (
    select
        1 as scorecard_version,
        cast('0001-01-01' as date) as effective_from,
        'thermocline' as author,
        'Defaults; the typical invoice is the median of the first load' as note,
        first_event.epoch,
        median_invoice.typical_invoice,
        cast(null as decimal(18, 9)) as p_active_intercept,
        cast(null as decimal(18, 9)) as p_active_slope,
        default_scorecard.*
    from default_scorecard
    cross join median_invoice
    cross join first_event
    where not exists (select 1 from written_scorecards)
),

scorecards as (
    select * from written_scorecards
    union all
    select * from first_scorecard
)

select
    scorecard_version,
    effective_from,
    lead(effective_from) over (order by effective_from) as superseded_from,
    effective_from <= {{ as_of_date() }}
    and coalesce(lead(effective_from) over (order by effective_from) > {{ as_of_date() }}, true) as is_in_force,
    author,
    note,
    epoch,
    cast(typical_invoice as decimal(18, 4)) as typical_invoice,
    cast(half_life_days as decimal(18, 9)) as half_life_days,
    cast(hot_at as decimal(18, 9)) as hot_at,
    cast(cold_at as decimal(18, 9)) as cold_at,
    cast(degrees_transaction as decimal(18, 9)) as degrees_transaction,
    cast(degrees_contribution as decimal(18, 9)) as degrees_contribution,
    cast(degrees_opportunity_opened as decimal(18, 9)) as degrees_opportunity_opened,
    cast(degrees_opportunity_lost as decimal(18, 9)) as degrees_opportunity_lost,
    cast(degrees_meeting_held as decimal(18, 9)) as degrees_meeting_held,
    cast(degrees_call_inbound as decimal(18, 9)) as degrees_call_inbound,
    cast(degrees_call_answered as decimal(18, 9)) as degrees_call_answered,
    cast(degrees_email_inbound as decimal(18, 9)) as degrees_email_inbound,
    cast(degrees_email_answered as decimal(18, 9)) as degrees_email_answered,
    cast(degrees_chat_inbound as decimal(18, 9)) as degrees_chat_inbound,
    cast(degrees_chat_answered as decimal(18, 9)) as degrees_chat_answered,
    cast(degrees_letter_inbound as decimal(18, 9)) as degrees_letter_inbound,
    cast(degrees_letter_answered as decimal(18, 9)) as degrees_letter_answered,
    cast(degrees_feedback as decimal(18, 9)) as degrees_feedback,
    cast(degrees_complaint as decimal(18, 9)) as degrees_complaint,
    cast(p_active_intercept as decimal(18, 9)) as p_active_intercept,
    cast(p_active_slope as decimal(18, 9)) as p_active_slope
from scorecards
