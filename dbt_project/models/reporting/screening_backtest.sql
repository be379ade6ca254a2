with screening_backtest as (
    select * from {{ source('config', 'screening_backtest') }}
)

select
    cutoff_on,
    horizon_days,
    measure,
    method,
    decile,
    scorecard_version,
    accounts,
    active,
    fitted_cutoffs,
    auc,
    brier,
    mean_probability,
    hot_accounts,
    precision_of_hot,
    recall_of_hot,
    looks,
    flips_per_account,
    share_of_three_flips
from screening_backtest
