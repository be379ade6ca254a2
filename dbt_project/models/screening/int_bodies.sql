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

bodies as (
    select
        'account' as body_kind,
        account_id as body_id
    from int_accounts_first_seen
    union all
    select distinct
        'group' as body_kind,
        group_id as body_id
    from int_account_groups
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
),
{%- else %}
numbered_bodies as (
    select
        body_kind,
        body_id,
        row_number() over (order by body_kind, body_id) as body_number
    from bodies
),
{%- endif %}

accounts as (
    select
        cast(body_number as integer) as account_number,
        body_id as account_id
    from numbered_bodies
    where body_kind = 'account'
)

select
    account_number as body_number,
    'account' as body_kind,
    account_id as body_id,
    account_id,
    account_number
from accounts
union all
select
    cast(numbered_bodies.body_number as integer) as body_number,
    'group' as body_kind,
    int_account_groups.group_id as body_id,
    int_account_groups.account_id,
    accounts.account_number
from int_account_groups
inner join numbered_bodies
    on
        numbered_bodies.body_kind = 'group'
        and int_account_groups.group_id = numbered_bodies.body_id
inner join accounts on int_account_groups.account_id = accounts.account_id
