{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'screened'}
) }}

with int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
    where previous_temperature is not null
),

{% if is_incremental() -%}
changed_accounts as (
    select
        account_id,
        min(changed_from) as changed_from
    from {{ source('config', 'accounts_changed') }}
    group by account_id
),

-- Until its first changed day an account was as hot on each day as it was found to be.
known_heat as (
    select
        known.account_id,
        known.changed_on,
        known.scorecard_version,
        known.heat
    from {{ this }} as known
    left join changed_accounts
        on
            known.account_id = changed_accounts.account_id
            and known.changed_on >= changed_accounts.changed_from
    where changed_accounts.account_id is null
),
{%- else -%}
known_heat as (
    select
        account_id,
        valid_from as changed_on,
        scorecard_version,
        cast(0 as decimal(18, 9)) as heat
    from int_temperatures_published
    where false
),
{%- endif %}

flips as (
    select
        int_temperatures_published.account_id,
        int_temperatures_published.valid_from as changed_on,
        int_temperatures_published.previous_temperature as from_temperature,
        int_temperatures_published.temperature as to_temperature,
        int_temperatures_published.cause,
        int_temperatures_published.scorecard_version,
        known_heat.heat
    from int_temperatures_published
    left join known_heat
        on
            int_temperatures_published.account_id = known_heat.account_id
            and int_temperatures_published.valid_from = known_heat.changed_on
            and int_temperatures_published.scorecard_version = known_heat.scorecard_version
),

account_sums as (
    select
        int_heat_sums.*,
        int_bodies.account_id
    from {{ ref('int_heat_sums') }} as int_heat_sums
    inner join {{ ref('int_bodies') }} as int_bodies on int_heat_sums.body_number = int_bodies.body_number
    where
        int_bodies.body_kind = 'account'
        and int_bodies.account_id in (
            select flips.account_id from flips
            where flips.heat is null
        )
),

flip_days as (
    select
        flips.account_id,
        flips.changed_on,
        flips.from_temperature,
        flips.to_temperature,
        flips.cause,
        flips.scorecard_version,
        account_sums.body_number,
        account_sums.epoch,
        {%- for dimension in heat_dimensions() %}
        account_sums.sum_{{ dimension }},
        {%- endfor %}
        account_sums.half_life_days
    from flips
    left join account_sums
        on
            flips.account_id = account_sums.account_id
            and flips.scorecard_version = account_sums.scorecard_version
            and flips.changed_on >= account_sums.occurred_on
            and coalesce(flips.changed_on < account_sums.next_on, true)
    where flips.heat is null
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
from flip_days
union all
select
    account_id,
    changed_on,
    from_temperature,
    to_temperature,
    cause,
    scorecard_version,
    heat
from flips
where heat is not null
