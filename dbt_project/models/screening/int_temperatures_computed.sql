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

path_intervals as (
    select
        scorecard_version,
        body_number,
        temperature,
        cause,
        changed_on,
        lead(changed_on) over (
            partition by scorecard_version, body_number order by changed_on
        ) as ended_on
    from int_temperature_paths
),

-- Where each version's rule begins, the body has that version's temperature.
version_starts as (
    select
        bodies.body_number,
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
            and bodies.body_number = path_intervals.body_number
            and path_intervals.changed_on <= greatest(bodies.first_seen_on, int_scorecards.effective_from)
            and coalesce(
                path_intervals.ended_on > greatest(bodies.first_seen_on, int_scorecards.effective_from), true
            )
),

version_changes as (
    select
        bodies.body_number,
        path_intervals.scorecard_version,
        path_intervals.changed_on,
        path_intervals.temperature,
        path_intervals.cause
    from path_intervals
    inner join int_scorecards on path_intervals.scorecard_version = int_scorecards.scorecard_version
    inner join bodies on path_intervals.body_number = bodies.body_number
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
        changes.body_number,
        bodies.known_until,
        changes.temperature,
        row_number() over (
            partition by changes.body_number order by changes.changed_on desc
        ) as recency
    from changes
    inner join bodies on changes.body_number = bodies.body_number
    where changes.changed_on <= bodies.known_until
),

held_bodies as (
    select
        body_number,
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
            partition by changes.body_number order by changes.changed_on
        ) as previous_temperature
    from changes
    left join held_bodies on changes.body_number = held_bodies.body_number
    where
        held_bodies.known_until is null
        or changes.changed_on <= held_bodies.known_until
)

select
    bodies.body_kind,
    bodies.body_id,
    held_changes.scorecard_version,
    held_changes.changed_on,
    held_changes.temperature,
    held_changes.cause
from held_changes
inner join bodies on held_changes.body_number = bodies.body_number
where
    held_changes.previous_temperature is null
    or held_changes.temperature <> held_changes.previous_temperature
