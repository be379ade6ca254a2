with int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
    where previous_temperature is not null
),

int_heat_days as (
    select * from {{ ref('int_heat_days') }}
    where body_kind = 'account'
),

flip_days as (
    select
        int_temperatures_published.account_id,
        int_temperatures_published.valid_from as changed_on,
        int_temperatures_published.previous_temperature as from_temperature,
        int_temperatures_published.temperature as to_temperature,
        int_temperatures_published.cause,
        int_heat_days.body_id,
        int_heat_days.epoch,
        {%- for dimension in heat_dimensions() %}
        int_heat_days.sum_{{ dimension }},
        {%- endfor %}
        int_heat_days.half_life_days
    from int_temperatures_published
    left join int_heat_days
        on
            int_temperatures_published.account_id = int_heat_days.body_id
            and int_temperatures_published.scorecard_version = int_heat_days.scorecard_version
            and int_temperatures_published.valid_from >= int_heat_days.occurred_on
            and coalesce(int_temperatures_published.valid_from < int_heat_days.next_on, true)
)

select
    account_id,
    changed_on,
    from_temperature,
    to_temperature,
    cause,
    case
        when body_id is null then cast(0 as decimal(18, 9))
        else cast({{ total_heat('changed_on') }} as decimal(18, 9))
    end as heat
from flip_days
