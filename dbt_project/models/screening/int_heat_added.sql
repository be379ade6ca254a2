with int_event_degrees as (
    select * from {{ ref('int_event_degrees') }}
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
),

int_account_groups as (
    select * from {{ ref('int_account_groups') }}
    where accounts > 1
),

weighted_events as (
    select
        int_event_degrees.*,
        {{ heat_weight('int_event_degrees.occurred_on') }} as weight
    from int_event_degrees
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

added_by_account as (
    select
        scorecard_version,
        account_id,
        {%- for dimension in heat_dimensions() %}
        sum({{ heat_integer(dimension, 'weight') }}) as added_{{ dimension }},
        {%- endfor %}
        occurred_on
    from weighted_events
    group by scorecard_version, account_id, occurred_on
),

added_by_group as (
    select
        added_by_account.scorecard_version,
        int_account_groups.group_id,
        {%- for dimension in heat_dimensions() %}
        sum(added_by_account.added_{{ dimension }}) as added_{{ dimension }},
        {%- endfor %}
        added_by_account.occurred_on
    from added_by_account
    inner join int_account_groups on added_by_account.account_id = int_account_groups.account_id
    group by added_by_account.scorecard_version, int_account_groups.group_id, added_by_account.occurred_on
)

select
    scorecard_version,
    'account' as body_kind,
    account_id as body_id,
    {%- for dimension in heat_dimensions() %}
    cast(added_{{ dimension }} as decimal(38, 0)) as added_{{ dimension }},
    {%- endfor %}
    occurred_on
from added_by_account
union all
select
    scorecard_version,
    'group' as body_kind,
    group_id as body_id,
    {%- for dimension in heat_dimensions() %}
    cast(added_{{ dimension }} as decimal(38, 0)) as added_{{ dimension }},
    {%- endfor %}
    occurred_on
from added_by_group
