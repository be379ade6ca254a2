with int_scorecards as (
    select * from {{ ref('int_scorecards') }}
    where effective_from <= {{ as_of_date() }}
),

int_bodies as (
    select * from {{ ref('int_bodies') }}
    where body_kind = 'account'
),

int_temperature_paths as (
    select * from {{ ref('int_temperature_paths') }}
),

int_accounts_held as (
    select * from {{ ref('int_accounts_held') }}
),

-- With one version there is nothing to compare.
versions_counted as (
    select
        scorecard_version,
        count(*) over () as versions
    from int_scorecards
),

account_paths as (
    select
        int_temperature_paths.scorecard_version,
        int_bodies.account_id,
        int_temperature_paths.changed_on,
        int_temperature_paths.temperature
    from int_temperature_paths
    inner join int_bodies on int_temperature_paths.body_number = int_bodies.body_number
    inner join versions_counted
        on
            int_temperature_paths.scorecard_version = versions_counted.scorecard_version
            and versions_counted.versions > 1
),

last_known_changes as (
    select
        account_paths.scorecard_version,
        account_paths.account_id,
        account_paths.temperature,
        int_accounts_held.known_until,
        row_number() over (
            partition by account_paths.scorecard_version, account_paths.account_id
            order by account_paths.changed_on desc
        ) as recency
    from account_paths
    inner join int_accounts_held
        on
            account_paths.account_id = int_accounts_held.account_id
            and account_paths.changed_on <= int_accounts_held.known_until
),

-- A late feed holds what was hot when it was last heard of: no later change cools it.
held_hot as (
    select
        scorecard_version,
        account_id,
        known_until
    from last_known_changes
    where
        recency = 1
        and temperature = 'hot'
)

select
    account_paths.scorecard_version,
    account_paths.account_id,
    account_paths.changed_on,
    account_paths.temperature
from account_paths
left join held_hot
    on
        account_paths.scorecard_version = held_hot.scorecard_version
        and account_paths.account_id = held_hot.account_id
where coalesce(account_paths.changed_on <= held_hot.known_until, true)
