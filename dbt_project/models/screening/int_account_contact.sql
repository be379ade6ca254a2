with fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

contacts as (
    select
        *,
        kind in ('email', 'call', 'meeting', 'chat', 'letter') as is_communication,
        direction = 'inbound' and kind <> 'payment'
        or kind in ('invoice', 'opportunity')
        or kind = 'meeting' and outcome = 'held' as is_inbound
    from fct_account_events
),

scores as (
    select
        account_id,
        normalised_score,
        row_number() over (partition by account_id order by occurred_on desc, event_id desc) as recency
    from fct_account_events
    where normalised_score is not null
),

last_scores as (
    select
        account_id,
        normalised_score
    from scores
    where recency = 1
)

select
    contacts.account_id,
    max(case when contacts.is_communication then contacts.occurred_on end) as last_communication_on,
    max(case when contacts.is_inbound then contacts.occurred_on end) as last_inbound_on,
    count(case when contacts.kind = 'complaint' and contacts.outcome = 'open' then 1 end) > 0 as has_open_complaint,
    max(last_scores.normalised_score) as last_feedback_score
from contacts
left join last_scores on contacts.account_id = last_scores.account_id
group by contacts.account_id
