{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'all'}
) }}

with dim_accounts as (
    select * from {{ ref('dim_accounts') }}
),

{% if is_incremental() -%}
-- What came before an account's first changed day is as it was; only where nothing did are events looked at, from it on.
known_events as (
    select
        known.account_id,
        known.first_event_on
    from {{ this }} as known
    left join {{ source('config', 'accounts_changed') }} as accounts_changed
        on
            known.account_id = accounts_changed.account_id
            and known.first_event_on >= accounts_changed.changed_from
    where
        known.first_event_on is not null
        and accounts_changed.account_id is null
),

accounts_looked_at as (
    select
        accounts_changed.account_id,
        min(accounts_changed.changed_from) as changed_from
    from {{ source('config', 'accounts_changed') }} as accounts_changed
    left join known_events on accounts_changed.account_id = known_events.account_id
    where known_events.account_id is null
    group by accounts_changed.account_id
),

events_looked_at as (
    select
        fct_account_events.account_id,
        fct_account_events.occurred_on
    from {{ ref('fct_account_events') }} as fct_account_events
    inner join accounts_looked_at
        on
            fct_account_events.account_id = accounts_looked_at.account_id
            and fct_account_events.occurred_on >= accounts_looked_at.changed_from
    where fct_account_events.occurred_on >= (select min(accounts_looked_at.changed_from) from accounts_looked_at)
),
{%- else -%}
events_looked_at as (
    select
        account_id,
        occurred_on
    from {{ ref('fct_account_events') }}
),
{%- endif %}

first_events as (
    {%- if is_incremental() %}
    select * from known_events
    union all
    {%- endif %}
    select
        account_id,
        min(occurred_on) as first_event_on
    from events_looked_at
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
