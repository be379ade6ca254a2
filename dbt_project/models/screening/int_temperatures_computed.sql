with int_temperature_paths as (
    select * from {{ ref('int_temperature_paths') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
    where effective_from <= {{ as_of_date() }}
),

int_accounts_first_seen as (
    select * from {{ ref('int_accounts_first_seen') }}
),

int_account_groups as (
    select * from {{ ref('int_account_groups') }}
    where accounts > 1
),

int_accounts_held as (
    select * from {{ ref('int_accounts_held') }}
),

bodies as (
    select
        'account' as body_kind,
        int_accounts_first_seen.account_id as body_id,
        int_accounts_first_seen.first_seen_on,
        int_accounts_held.known_until
    from int_accounts_first_seen
    left join int_accounts_held on int_accounts_first_seen.account_id = int_accounts_held.account_id
    union all
    select
        'group' as body_kind,
        int_account_groups.group_id as body_id,
        min(int_accounts_first_seen.first_seen_on) as first_seen_on,
        min(int_accounts_held.known_until) as known_until
    from int_account_groups
    inner join int_accounts_first_seen on int_account_groups.account_id = int_accounts_first_seen.account_id
    left join int_accounts_held on int_account_groups.account_id = int_accounts_held.account_id
    group by int_account_groups.group_id
),

path_intervals as (
    select
        scorecard_version,
        body_kind,
        body_id,
        temperature,
        cause,
        changed_on,
        lead(changed_on) over (
            partition by scorecard_version, body_kind, body_id order by changed_on
        ) as ended_on
    from int_temperature_paths
),

-- Where each version's rule begins, the body has that version's temperature.
version_starts as (
    select
        bodies.body_kind,
        bodies.body_id,
        int_scorecards.scorecard_version,
        greatest(bodies.first_seen_on, int_scorecards.effective_from) as changed_on,
        coalesce(path_intervals.temperature, 'cold') as temperature,
        case
            when int_scorecards.effective_from <= bodies.first_seen_on then 'first_seen'
            when path_intervals.changed_on = int_scorecards.effective_from then path_intervals.cause
            else 'scorecard'
        end as cause
    from bodies
    inner join int_scorecards
        on coalesce(bodies.first_seen_on < int_scorecards.superseded_from, true)
    left join path_intervals
        on
            int_scorecards.scorecard_version = path_intervals.scorecard_version
            and bodies.body_kind = path_intervals.body_kind
            and bodies.body_id = path_intervals.body_id
            and path_intervals.changed_on <= greatest(bodies.first_seen_on, int_scorecards.effective_from)
            and coalesce(
                path_intervals.ended_on > greatest(bodies.first_seen_on, int_scorecards.effective_from), true
            )
),

version_changes as (
    select
        bodies.body_kind,
        bodies.body_id,
        path_intervals.scorecard_version,
        path_intervals.changed_on,
        path_intervals.temperature,
        path_intervals.cause
    from path_intervals
    inner join int_scorecards on path_intervals.scorecard_version = int_scorecards.scorecard_version
    inner join bodies
        on
            path_intervals.body_kind = bodies.body_kind
            and path_intervals.body_id = bodies.body_id
    where
        path_intervals.changed_on > greatest(bodies.first_seen_on, int_scorecards.effective_from)
        and coalesce(path_intervals.changed_on < int_scorecards.superseded_from, true)
),

changes as (
    select * from version_starts
    union all
    select * from version_changes
),

-- While a feed is late, nothing that was hot when it was last heard of turns cold.
known_at_watermark as (
    select
        changes.body_kind,
        changes.body_id,
        bodies.known_until,
        changes.temperature,
        row_number() over (
            partition by changes.body_kind, changes.body_id order by changes.changed_on desc
        ) as recency
    from changes
    inner join bodies
        on
            changes.body_kind = bodies.body_kind
            and changes.body_id = bodies.body_id
    where changes.changed_on <= bodies.known_until
),

held_bodies as (
    select
        body_kind,
        body_id,
        known_until
    from known_at_watermark
    where
        recency = 1
        and temperature = 'hot'
),

held_changes as (
    select
        changes.*,
        lag(changes.temperature) over (
            partition by changes.body_kind, changes.body_id order by changes.changed_on
        ) as previous_temperature
    from changes
    left join held_bodies
        on
            changes.body_kind = held_bodies.body_kind
            and changes.body_id = held_bodies.body_id
    where
        held_bodies.known_until is null
        or changes.changed_on <= held_bodies.known_until
)

select
    body_kind,
    body_id,
    scorecard_version,
    changed_on,
    temperature,
    cause
from held_changes
where
    previous_temperature is null
    or temperature <> previous_temperature
