with fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

accounts as (
    select
        account_id,
        account_number
    from {{ ref('int_bodies') }}
    where body_kind = 'account'
),

scored_events as (
    select
        int_scorecards.scorecard_version,
        fct_account_events.event_id,
        fct_account_events.account_id,
        fct_account_events.kind,
        fct_account_events.occurred_on,
        case
            when fct_account_events.kind = 'invoice' and fct_account_events.outcome <> 'void' and fct_account_events.amount > 0
                then int_scorecards.degrees_transaction
            when
                fct_account_events.kind = 'credit_note'
                and fct_account_events.total_before > 0
                and fct_account_events.total_after = 0
                then -int_scorecards.degrees_transaction
            else 0
        end as transactions,
        case
            when fct_account_events.kind = 'invoice' and fct_account_events.outcome <> 'void' and fct_account_events.amount > 0
                then
                    int_scorecards.degrees_contribution
                    * log2(1 + cast(fct_account_events.amount as double) / int_scorecards.typical_invoice)
            when fct_account_events.kind = 'credit_note' and fct_account_events.total_before is not null
                -- Each side is rounded as the invoice was, so that the falls of its credits add up to it.
                then
                    round(
                        int_scorecards.degrees_contribution
                        * log2(1 + fct_account_events.total_after / int_scorecards.typical_invoice), 9
                    )
                    - round(
                        int_scorecards.degrees_contribution
                        * log2(1 + fct_account_events.total_before / int_scorecards.typical_invoice), 9
                    )
            when fct_account_events.kind = 'credit_note' and fct_account_events.outcome <> 'void'
                then
                    -int_scorecards.degrees_contribution
                    * log2(1 + abs(cast(fct_account_events.amount as double)) / int_scorecards.typical_invoice)
        end as contribution,
        case
            when fct_account_events.kind = 'opportunity' and fct_account_events.outcome = 'opened'
                then int_scorecards.degrees_opportunity_opened
            when fct_account_events.kind = 'opportunity' and fct_account_events.outcome = 'lost'
                then int_scorecards.degrees_opportunity_lost
            else 0
        end as intent,
        case
            when fct_account_events.kind = 'meeting' and fct_account_events.outcome = 'held'
                then int_scorecards.degrees_meeting_held
            when fct_account_events.kind = 'call' and fct_account_events.direction = 'inbound'
                then int_scorecards.degrees_call_inbound
            when fct_account_events.kind = 'call' and fct_account_events.outcome = 'answered'
                then int_scorecards.degrees_call_answered
            when fct_account_events.kind = 'email' and fct_account_events.direction = 'inbound'
                then int_scorecards.degrees_email_inbound
            when fct_account_events.kind = 'email' and fct_account_events.outcome = 'answered'
                then int_scorecards.degrees_email_answered
            when fct_account_events.kind = 'chat' and fct_account_events.direction = 'inbound'
                then int_scorecards.degrees_chat_inbound
            when fct_account_events.kind = 'chat' and fct_account_events.outcome = 'answered'
                then int_scorecards.degrees_chat_answered
            when fct_account_events.kind = 'letter' and fct_account_events.direction = 'inbound'
                then int_scorecards.degrees_letter_inbound
            when fct_account_events.kind = 'letter' and fct_account_events.outcome = 'answered'
                then int_scorecards.degrees_letter_answered
            else 0
        end as communication,
        case
            when fct_account_events.kind = 'complaint' then int_scorecards.degrees_complaint
            when fct_account_events.normalised_score is not null
                then int_scorecards.degrees_feedback * fct_account_events.normalised_score
            else 0
        end as feedback
    from fct_account_events
    cross join int_scorecards
)

select
    scored_events.scorecard_version,
    scored_events.event_id,
    scored_events.account_id,
    accounts.account_number,
    scored_events.kind,
    {%- for dimension in heat_dimensions() %}
    cast(round(cast(coalesce(scored_events.{{ dimension }}, 0) as double), 9) as decimal(18, 9)) as {{ dimension }},
    {%- endfor %}
    scored_events.occurred_on
from scored_events
inner join accounts on scored_events.account_id = accounts.account_id
where
    {%- for dimension in heat_dimensions() %}
    coalesce(scored_events.{{ dimension }}, 0) <> 0 or
    {%- endfor %}
    false
