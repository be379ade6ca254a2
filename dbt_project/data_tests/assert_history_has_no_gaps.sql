-- A day without a temperature, or with two, can't be looked up: each interval begins where the one before it ended.
with intervals as (
    select
        account_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by account_id order by valid_from) as next_valid_from
    from {{ ref('account_temperature_history') }}
)

select
    account_id,
    valid_from
from intervals
where
    valid_to <= valid_from
    or coalesce(valid_to <> next_valid_from, next_valid_from is not null)
    or (valid_to is not null and next_valid_from is null)
