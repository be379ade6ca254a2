with int_temperature_flips as (
    select * from {{ ref('int_temperature_flips') }}
)

select
    account_id,
    changed_on,
    from_temperature,
    to_temperature,
    cause,
    heat
from int_temperature_flips
