with int_temperatures_computed as (
    select
        body_id as account_id,
        scorecard_version,
        changed_on,
        temperature,
        cause
    from {{ ref('int_temperatures_computed') }}
    where body_kind = 'account'
),

int_overrides_given as (
    select * from {{ ref('int_overrides_given') }}
    where valid_from <= {{ as_of_date() }}
),

int_accounts_first_seen as (
    select * from {{ ref('int_accounts_first_seen') }}
),

override_days as (
    select
        int_overrides_given.account_id,
        greatest(int_overrides_given.valid_from, int_accounts_first_seen.first_seen_on) as changed_on
    from int_overrides_given
    inner join int_accounts_first_seen on int_overrides_given.account_id = int_accounts_first_seen.account_id
    where int_overrides_given.valid_until >= int_accounts_first_seen.first_seen_on
    union
    select
        int_overrides_given.account_id,
        {{ add_days('int_overrides_given.valid_until', 1) }} as changed_on
    from int_overrides_given
    inner join int_accounts_first_seen on int_overrides_given.account_id = int_accounts_first_seen.account_id
    where
        int_overrides_given.valid_until >= int_accounts_first_seen.first_seen_on
        and int_overrides_given.valid_until < {{ as_of_date() }}
),

points as (
    select
        int_temperatures_computed.scorecard_version,
        int_temperatures_computed.temperature as changed_to,
        int_temperatures_computed.cause,
        coalesce(int_temperatures_computed.account_id, override_days.account_id) as account_id,
        coalesce(int_temperatures_computed.changed_on, override_days.changed_on) as changed_on,
        override_days.account_id is not null as is_override_day
    from int_temperatures_computed
    full outer join override_days
        on
            int_temperatures_computed.account_id = override_days.account_id
            and int_temperatures_computed.changed_on = override_days.changed_on
),

overridden_points as (
    select
        account_id,
        changed_on,
        cause,
        is_override_day,
        last_value(scorecard_version ignore nulls) over account_days as scorecard_version,
        last_value(changed_to ignore nulls) over account_days as computed_temperature
    from points
    where account_id in (select account_id from override_days)
    window account_days as (
        partition by account_id order by changed_on rows between unbounded preceding and current row
    )
),

-- Of most accounts each point is a change, which says for itself what was computed.
computed_points as (
    select
        account_id,
        changed_on,
        cause,
        is_override_day,
        scorecard_version,
        computed_temperature
    from overridden_points
    union all
    select
        account_id,
        changed_on,
        cause,
        is_override_day,
        scorecard_version,
        changed_to as computed_temperature
    from points
    where account_id not in (select account_id from override_days)
),

published_points as (
    select
        computed_points.account_id,
        computed_points.changed_on,
        computed_points.scorecard_version,
        coalesce(int_overrides_given.temperature, computed_points.computed_temperature) as temperature,
        case
            when computed_points.cause = 'first_seen' then 'first_seen'
            when computed_points.is_override_day then 'override'
            else computed_points.cause
        end as cause,
        lag(coalesce(int_overrides_given.temperature, computed_points.computed_temperature)) over (
            partition by computed_points.account_id order by computed_points.changed_on
        ) as previous_temperature
    from computed_points
    left join int_overrides_given
        on
            computed_points.account_id = int_overrides_given.account_id
            and computed_points.changed_on between int_overrides_given.valid_from and int_overrides_given.valid_until
),

flips as (
    select * from published_points
    where
        previous_temperature is null
        or temperature <> previous_temperature
)

select
    account_id,
    temperature,
    previous_temperature,
    changed_on as valid_from,
    cause,
    scorecard_version,
    lead(changed_on) over (partition by account_id order by changed_on) as valid_to
from flips
