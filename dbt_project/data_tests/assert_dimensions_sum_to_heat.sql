-- Heat that isn't the sum of its five dimensions can't be explained by them.
select
    account_id,
    heat
from {{ ref('account_segments') }}
where heat <> heat_transactions + heat_contribution + heat_intent + heat_communication + heat_feedback
