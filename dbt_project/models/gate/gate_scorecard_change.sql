with int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

int_bodies as (
    select * from {{ ref('int_bodies') }}
    where body_kind = 'account'
),

account_paths as (
    select
        int_temperature_paths.*,
        int_bodies.account_id
    from {{ ref('int_temperature_paths') }} as int_temperature_paths
    inner join int_bodies on int_temperature_paths.body_number = int_bodies.body_number
    where int_temperature_paths.changed_on <= {{ published_as_of_date() }}
),

int_accounts_first_seen as (
    select * from {{ ref('int_accounts_first_seen') }}
    where first_seen_on <= {{ published_as_of_date() }}
),

int_accounts_held as (
    select * from {{ ref('int_accounts_held') }}
),

int_overrides_given as (
    select * from {{ ref('int_overrides_given') }}
    where {{ published_as_of_date() }} between valid_from and valid_until
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

versions as (
    select
        max(case
            when
                effective_from <= {{ published_as_of_date() }}
                and coalesce(superseded_from > {{ published_as_of_date() }}, true) then scorecard_version
        end) as version_before,
        max(case when is_in_force then scorecard_version end) as version_after
    from int_scorecards
),

-- Without a new version there is nothing to tell.
changed_versions as (
    select * from versions
    where version_before <> version_after
),

latest_changes as (
    select
        account_paths.scorecard_version,
        account_paths.account_id,
        account_paths.temperature,
        row_number() over (
            partition by account_paths.scorecard_version, account_paths.account_id
            order by account_paths.changed_on desc
        ) as recency
    from account_paths
    inner join changed_versions
        on account_paths.scorecard_version in (changed_versions.version_before, changed_versions.version_after)
),

-- A late feed that had stopped before that day holds what was hot when it was last heard of.
latest_known_changes as (
    select
        account_paths.scorecard_version,
        account_paths.account_id,
        account_paths.temperature,
        row_number() over (
            partition by account_paths.scorecard_version, account_paths.account_id
            order by account_paths.changed_on desc
        ) as recency
    from account_paths
    inner join changed_versions
        on account_paths.scorecard_version in (changed_versions.version_before, changed_versions.version_after)
    inner join int_accounts_held
        on
            account_paths.account_id = int_accounts_held.account_id
            and account_paths.changed_on <= int_accounts_held.known_until
),

hot_accounts as (
    select distinct
        scorecard_version,
        account_id
    from latest_changes
    where
        recency = 1
        and temperature = 'hot'
    union
    select distinct
        scorecard_version,
        account_id
    from latest_known_changes
    where
        recency = 1
        and temperature = 'hot'
),

revenue_by_account as (
    select
        account_id,
        sum(total) as revenue_365d
    from fct_invoices
    where
        money_state in (select 'attributed' from changed_versions)
        and issued_on <= {{ published_as_of_date() }}
        and {{ days_between('issued_on', published_as_of_date()) }} < 365
    group by account_id
)

select
    int_accounts_first_seen.account_id,
    cast(coalesce(revenue_by_account.revenue_365d, 0) as decimal(18, 4)) as revenue_365d,
    coalesce(
        int_overrides_given.temperature, case when hot_before.account_id is null then 'cold' else 'hot' end
    ) as temperature_before,
    coalesce(
        int_overrides_given.temperature, case when hot_after.account_id is null then 'cold' else 'hot' end
    ) as temperature_after
from changed_versions
cross join int_accounts_first_seen
left join hot_accounts as hot_before
    on
        int_accounts_first_seen.account_id = hot_before.account_id
        and changed_versions.version_before = hot_before.scorecard_version
left join hot_accounts as hot_after
    on
        int_accounts_first_seen.account_id = hot_after.account_id
        and changed_versions.version_after = hot_after.scorecard_version
left join int_overrides_given on int_accounts_first_seen.account_id = int_overrides_given.account_id
left join revenue_by_account on int_accounts_first_seen.account_id = revenue_by_account.account_id
