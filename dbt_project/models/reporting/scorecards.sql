with int_scorecards as (
    select * from {{ ref('int_scorecards') }}
)

select
    cast(scorecard_version as integer) as scorecard_version,
    effective_from,
    author,
    note,
    epoch,
    typical_invoice,
    p_active_intercept,
    p_active_slope,
    half_life_days,
    hot_at,
    cold_at,
    degrees_transaction,
    degrees_contribution,
    degrees_opportunity_opened,
    degrees_opportunity_lost,
    degrees_meeting_held,
    degrees_call_inbound,
    degrees_call_answered,
    degrees_email_inbound,
    degrees_email_answered,
    degrees_chat_inbound,
    degrees_chat_answered,
    degrees_letter_inbound,
    degrees_letter_answered,
    degrees_feedback,
    degrees_complaint
from int_scorecards
