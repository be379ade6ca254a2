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

-- Numbered, because millions of events are grouped by them. An account is a body, too.
numbered_bodies as (
    select
        body_kind,
        body_id,
        row_number() over (order by body_kind, body_id) as body_number
    from bodies
),

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
