with int_temperatures_published as (
    select * from {{ ref('int_temperatures_published') }}
)

select
    account_id,
    temperature,
    valid_from,
    valid_to,
    cause,
    cast(scorecard_version as integer) as scorecard_version
from int_temperatures_published
