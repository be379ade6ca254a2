{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'numbered'}
) }}

with int_accounts_first_seen as (
    select account_id from {{ ref('int_accounts_first_seen') }}
),

int_account_groups as (
    select * from {{ ref('int_account_groups') }}
    where accounts > 1
),

members as (
    select
        'account' as body_kind,
        account_id as body_id,
        account_id
    from int_accounts_first_seen
    union all
    select
        'group' as body_kind,
        group_id as body_id,
        account_id
    from int_account_groups
),

bodies as (
    select distinct
        body_kind,
        body_id
    from members
),

-- A body keeps its number, under which other tables hold its rows; new ones get the next. An account is a body, too.
{%- if is_incremental() %}
known_bodies as (
    select distinct
        body_kind,
        body_id,
        body_number
    from {{ this }}
),

numbered_bodies as (
    select
        bodies.body_kind,
        bodies.body_id,
        coalesce(
            known_bodies.body_number,
            coalesce((select max(latest.body_number) from known_bodies as latest), 0)
            + row_number() over (
                partition by known_bodies.body_number is null order by bodies.body_kind, bodies.body_id
            )
        ) as body_number
    from bodies
    left join known_bodies
        on
            bodies.body_kind = known_bodies.body_kind
            and bodies.body_id = known_bodies.body_id
)
{%- else %}
numbered_bodies as (
    select
        body_kind,
        body_id,
        row_number() over (order by body_kind, body_id) as body_number
    from bodies
)
{%- endif %}

select
    cast(numbered_bodies.body_number as integer) as body_number,
    members.body_kind,
    members.body_id,
    members.account_id,
    cast(numbered_accounts.body_number as integer) as account_number
from members
inner join numbered_bodies
    on
        members.body_kind = numbered_bodies.body_kind
        and members.body_id = numbered_bodies.body_id
inner join numbered_bodies as numbered_accounts
    on
        numbered_accounts.body_kind = 'account'
        and members.account_id = numbered_accounts.body_id
