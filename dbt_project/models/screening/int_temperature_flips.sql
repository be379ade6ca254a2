with int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
    where previous_temperature is not null
),

account_sums as (
    select
        int_heat_sums.*,
        int_bodies.account_id
    from {{ ref('int_heat_sums') }} as int_heat_sums
    inner join {{ ref('int_bodies') }} as int_bodies on int_heat_sums.body_number = int_bodies.body_number
    where int_bodies.body_kind = 'account'
),

flips as (
    select
        int_temperatures_published.account_id,
        int_temperatures_published.valid_from as changed_on,
        int_temperatures_published.previous_temperature as from_temperature,
        int_temperatures_published.temperature as to_temperature,
        int_temperatures_published.cause,
        int_temperatures_published.scorecard_version,
        account_sums.body_number,
        account_sums.epoch,
        {%- for dimension in heat_dimensions() %}
        account_sums.sum_{{ dimension }},
        {%- endfor %}
        account_sums.half_life_days
    from int_temperatures_published
    left join account_sums
        on
            int_temperatures_published.account_id = account_sums.account_id
            and int_temperatures_published.scorecard_version = account_sums.scorecard_version
            and int_temperatures_published.valid_from >= account_sums.occurred_on
            and coalesce(int_temperatures_published.valid_from < account_sums.next_on, true)
)

select
    account_id,
    changed_on,
    from_temperature,
    to_temperature,
    cause,
    scorecard_version,
    case
        when body_number is null then cast(0 as decimal(18, 9))
        else cast({{ total_heat('changed_on') }} as decimal(18, 9))
    end as heat
from flips
