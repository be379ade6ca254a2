-- More than 60 half-lives from the epoch overflow the integer sums; 20 before it are too few bits to add up exactly.
select
    int_scorecards.scorecard_version,
    min(fct_account_events.occurred_on) as first_event_on
from {{ ref('int_scorecards') }} as int_scorecards
cross join {{ ref('fct_account_events') }} as fct_account_events
group by
    int_scorecards.scorecard_version,
    int_scorecards.epoch,
    int_scorecards.half_life_days
having
    {{ days_between('min(int_scorecards.epoch)', 'max(fct_account_events.occurred_on)') }} > 60 * int_scorecards.half_life_days
    or {{ days_between('min(fct_account_events.occurred_on)', 'min(int_scorecards.epoch)') }} > 20 * int_scorecards.half_life_days
