with int_event_degrees as (
    select * from {{ ref('int_event_degrees') }}
),

int_bodies as (
    select
        body_number,
        account_number
    from {{ ref('int_bodies') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

weighted_events as (
    select
        int_event_degrees.scorecard_version,
        int_bodies.body_number,
        {%- for dimension in heat_dimensions() %}
        int_event_degrees.{{ dimension }},
        {%- endfor %}
        int_event_degrees.occurred_on,
        {{ heat_weight('int_event_degrees.occurred_on') }} as weight
    from int_event_degrees
    inner join int_bodies on int_event_degrees.account_number = int_bodies.account_number
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

heat_felt as (
    select
        scorecard_version,
        body_number,
        {%- for dimension in heat_dimensions() %}
        {{ heat_integer(dimension, 'weight') }} as {{ dimension }},
        {%- endfor %}
        occurred_on
    from weighted_events
),

running_sums as (
    select
        scorecard_version,
        body_number,
        {%- for dimension in heat_dimensions() %}
        cast(sum({{ dimension }}) over (
            body_events range between unbounded preceding and current row
        ) as decimal(38, 0)) as sum_{{ dimension }},
        {%- endfor %}
        occurred_on,
        lead(occurred_on) over (body_events) as next_on
    from heat_felt
    window body_events as (partition by scorecard_version, body_number order by occurred_on)
)

select
    running_sums.scorecard_version,
    running_sums.body_number,
    int_scorecards.epoch,
    int_scorecards.half_life_days,
    {%- for dimension in heat_dimensions() %}
    running_sums.sum_{{ dimension }},
    {%- endfor %}
    running_sums.occurred_on,
    running_sums.next_on
from running_sums
inner join int_scorecards on running_sums.scorecard_version = int_scorecards.scorecard_version
where running_sums.next_on is null or running_sums.next_on > running_sums.occurred_on
