with dim_accounts as (
    select * from {{ ref('dim_accounts') }}
),

fct_account_events as (
    select * from {{ ref('fct_account_events') }}
),

first_events as (
    select
        account_id,
        min(occurred_on) as first_event_on
    from fct_account_events
    group by account_id
)

select
    dim_accounts.account_id,
    first_events.first_event_on,
    least(
        coalesce(first_events.first_event_on, {{ as_of_date() }}),
        coalesce(dim_accounts.known_from, first_events.first_event_on, {{ as_of_date() }}),
        {{ as_of_date() }}
    ) as first_seen_on
from dim_accounts
left join first_events on dim_accounts.account_id = first_events.account_id
