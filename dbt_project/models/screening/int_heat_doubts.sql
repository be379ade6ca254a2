with int_event_degrees as (
    select * from {{ ref('int_event_degrees') }}
),

int_bodies as (
    select * from {{ ref('int_bodies') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

doubtful_days as (
    select
        scorecard_version,
        body_number,
        occurred_on
    from {{ ref('int_heat_days') }}
    where not is_certain
),

doubtful_accounts as (
    select distinct
        doubtful_days.scorecard_version,
        doubtful_days.body_number,
        int_bodies.account_number
    from doubtful_days
    inner join int_bodies on doubtful_days.body_number = int_bodies.body_number
),

weighted_events as (
    select
        int_event_degrees.*,
        doubtful_accounts.body_number,
        {{ heat_weight('int_event_degrees.occurred_on') }} as weight
    from int_event_degrees
    inner join doubtful_accounts
        on
            int_event_degrees.account_number = doubtful_accounts.account_number
            and int_event_degrees.scorecard_version = doubtful_accounts.scorecard_version
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

sums as (
    select
        doubtful_days.scorecard_version,
        doubtful_days.body_number,
        {%- for dimension in heat_dimensions() %}
        sum({{ heat_integer('weighted_events.' ~ dimension, 'weighted_events.weight') }}) as sum_{{ dimension }},
        {%- endfor %}
        doubtful_days.occurred_on
    from doubtful_days
    inner join weighted_events
        on
            doubtful_days.scorecard_version = weighted_events.scorecard_version
            and doubtful_days.body_number = weighted_events.body_number
            and doubtful_days.occurred_on >= weighted_events.occurred_on
    group by doubtful_days.scorecard_version, doubtful_days.body_number, doubtful_days.occurred_on
),

heated as (
    select
        sums.*,
        int_scorecards.epoch,
        int_scorecards.half_life_days,
        int_scorecards.hot_at,
        int_scorecards.cold_at,
        {{ total_heat('sums.occurred_on') }} as heat
    from sums
    inner join int_scorecards on sums.scorecard_version = int_scorecards.scorecard_version
),

-- The closed form, which rounding to nine decimals can miss by a day.
estimated_coolings as (
    select
        *,
        case
            when heat >= cold_at
                then {{ add_days('occurred_on', 'ceil(half_life_days * log2(cast(heat as double) / cold_at))') }}
        end as estimated_on
    from heated
)

select
    scorecard_version,
    body_number,
    occurred_on,
    cast(heat as decimal(18, 9)) as heat,
    case
        when heat >= hot_at then true
        when heat < cold_at then false
    end as is_hot,
    case
        when estimated_on is null then null
        when
            estimated_on > {{ add_days('occurred_on', 1) }}
            and {{ total_heat(add_days('estimated_on', -1)) }} < cold_at
            then {{ add_days('estimated_on', -1) }}
        when
            estimated_on > occurred_on
            and {{ total_heat('estimated_on') }} < cold_at
            then estimated_on
        else {{ add_days('estimated_on', 1) }}
    end as cools_on
from estimated_coolings
