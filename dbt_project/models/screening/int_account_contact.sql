with fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

contacts as (
    select
        account_id,
        max(occurred_at) as newest_at,
        max(
            case when kind in ('email', 'call', 'meeting', 'chat', 'letter') then occurred_on end
        ) as last_communication_on,
        max(
            case
                when
                    direction = 'inbound' and kind <> 'payment'
                    or kind in ('invoice', 'opportunity')
                    or kind = 'meeting' and outcome = 'held'
                    then occurred_on
            end
        ) as last_inbound_on,
        count(case when kind = 'complaint' and outcome = 'open' then 1 end) > 0 as has_open_complaint
    from fct_account_events
    group by account_id
),

scores as (
    select
        account_id,
        normalised_score,
        row_number() over (partition by account_id order by occurred_on desc, event_id desc) as recency
    from fct_account_events
    where normalised_score is not null
)

select
    contacts.account_id,
    contacts.last_communication_on,
    contacts.last_inbound_on,
    contacts.has_open_complaint,
    contacts.newest_at,
    scores.normalised_score as last_feedback_score
from contacts
left join scores
    on
        contacts.account_id = scores.account_id
        and scores.recency = 1
