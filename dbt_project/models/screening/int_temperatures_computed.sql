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

int_accounts_held as (
    select * from {{ ref('int_accounts_held') }}
),

int_bodies as (
    select * from {{ ref('int_bodies') }}
),

bodies as (
    select
        int_bodies.body_number,
        int_bodies.body_kind,
        int_bodies.body_id,
        min(int_accounts_first_seen.first_seen_on) as first_seen_on,
        min(int_accounts_held.known_until) as known_until
    from int_bodies
    inner join int_accounts_first_seen on int_bodies.account_id = int_accounts_first_seen.account_id
    left join int_accounts_held on int_bodies.account_id = int_accounts_held.account_id
    group by int_bodies.body_number, int_bodies.body_kind, int_bodies.body_id
),

rules as (
    select
        bodies.body_number,
        int_scorecards.scorecard_version,
        int_scorecards.superseded_from as ruled_until,
        int_scorecards.effective_from <= bodies.first_seen_on as is_first,
        greatest(bodies.first_seen_on, int_scorecards.effective_from) as ruled_from
    from bodies
    inner join int_scorecards
        on coalesce(bodies.first_seen_on < int_scorecards.superseded_from, true)
),

-- Where a version's rule begins, the body has that version's temperature,
reached as (
    select
        rules.scorecard_version,
        rules.body_number,
        max(paths.changed_on) as changed_on,
        arg_max(paths.temperature, paths.changed_on) as temperature,
        arg_max(paths.cause, paths.changed_on) as cause
    from rules
    inner join int_temperature_paths as paths
        on
            rules.scorecard_version = paths.scorecard_version
            and rules.body_number = paths.body_number
            and rules.ruled_from >= paths.changed_on
    group by rules.scorecard_version, rules.body_number
),

-- which is a change if the version before left it another.
left_at as (
    select
        rules.scorecard_version,
        rules.body_number,
        arg_max(paths.temperature, paths.changed_on) as temperature
    from rules
    inner join int_scorecards as versions_before on rules.ruled_from = versions_before.superseded_from
    inner join int_temperature_paths as paths
        on
            versions_before.scorecard_version = paths.scorecard_version
            and rules.body_number = paths.body_number
            and rules.ruled_from > paths.changed_on
    where not rules.is_first
    group by rules.scorecard_version, rules.body_number
),

version_starts as (
    select
        rules.body_number,
        rules.scorecard_version,
        rules.ruled_from as changed_on,
        coalesce(reached.temperature, 'cold') as temperature,
        case
            when rules.is_first then 'first_seen'
            when reached.changed_on = rules.ruled_from then reached.cause
            else 'scorecard'
        end as cause
    from rules
    left join reached
        on
            rules.scorecard_version = reached.scorecard_version
            and rules.body_number = reached.body_number
    left join left_at
        on
            rules.scorecard_version = left_at.scorecard_version
            and rules.body_number = left_at.body_number
    where
        rules.is_first
        or coalesce(reached.temperature, 'cold') <> coalesce(left_at.temperature, 'cold')
),

version_changes as (
    select
        rules.body_number,
        rules.scorecard_version,
        paths.changed_on,
        paths.temperature,
        paths.cause
    from int_temperature_paths as paths
    inner join rules
        on
            paths.scorecard_version = rules.scorecard_version
            and paths.body_number = rules.body_number
            and paths.changed_on > rules.ruled_from
    where coalesce(paths.changed_on < rules.ruled_until, true)
),

changes as (
    select * from version_starts
    union all
    select * from version_changes
),

-- While a feed is late, nothing that was hot when it was last heard of turns cold.
held_bodies as (
    select
        changes.body_number,
        any_value(bodies.known_until) as known_until
    from changes
    inner join bodies on changes.body_number = bodies.body_number
    where changes.changed_on <= bodies.known_until
    group by changes.body_number
    having arg_max(changes.temperature, changes.changed_on) = 'hot'
)

select
    bodies.body_kind,
    bodies.body_id,
    changes.scorecard_version,
    changes.changed_on,
    changes.temperature,
    changes.cause
from changes
inner join bodies on changes.body_number = bodies.body_number
left join held_bodies on changes.body_number = held_bodies.body_number
where
    held_bodies.known_until is null
    or changes.changed_on <= held_bodies.known_until
