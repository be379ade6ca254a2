"""The rows of `screening_backtest`, by scikit-learn's metrics."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

TEMPERATURE, HEAT_RULE, DAYS_RULE = "temperature", "heat_at_least_hot_at", "invoice_within_90_days"
RULE_DAYS = 90
MANY_FLIPS = 3
DECILES = 10


@dataclass(frozen=True)
class Row:
    """One row per cut-off, measure, method and decile (0: all accounts together).

    measure: ranking (auc, brier), decile (mean probability beside the active share), hot (precision
    and recall of a rule that calls accounts hot), flips (of such a rule over the looks up to the
    cut-off). Shares and probabilities are between 0 and 1; what a measure doesn't have is None.
    """

    cutoff_on: date
    horizon_days: int
    measure: str
    method: str
    decile: int
    scorecard_version: int
    accounts: int
    active: int | None = None
    fitted_cutoffs: int | None = None
    auc: float | None = None
    brier: float | None = None
    mean_probability: float | None = None
    hot_accounts: int | None = None
    precision_of_hot: float | None = None
    recall_of_hot: float | None = None
    looks: int | None = None
    flips_per_account: float | None = None
    share_of_three_flips: float | None = None

    def cells(self) -> list[str]:
        """Return the row as CSV cells: six decimals, blank for None."""
        values = [getattr(self, column.name) for column in fields(self)]
        return [
            "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)
            for value in values
        ]


@dataclass(frozen=True)
class Look:
    """What the measures at one cut-off share."""

    cutoff_on: date
    horizon_days: int
    scorecard_version: int

    def row(self, measure: str, method: str, accounts: int, decile: int = 0, **figures: object) -> Row:
        return Row(
            self.cutoff_on,
            self.horizon_days,
            measure,
            method,
            decile,
            self.scorecard_version,
            accounts,
            **figures,  # type: ignore[arg-type]
        )


def auc(active: np.ndarray, scores: np.ndarray) -> float | None:
    """Return area under the ROC curve; None where all accounts ended alike."""
    return float(roc_auc_score(active, scores)) if len(np.unique(active)) == 2 else None


def brier(active: np.ndarray, chances: np.ndarray) -> float:
    return float(brier_score_loss(active, chances, pos_label=1))


def ranking(
    look: Look,
    method: str,
    active: np.ndarray,
    scores: np.ndarray | None,
    chances: np.ndarray | None,
    fitted_cutoffs: int,
) -> Iterator[Row]:
    """Yield the ranking's row and, with a probability, its deciles, the least likely tenth first."""
    yield look.row(
        "ranking",
        method,
        len(active),
        active=int(active.sum()),
        fitted_cutoffs=fitted_cutoffs,
        auc=None if scores is None else auc(active, scores),
        brier=None if chances is None else brier(active, chances),
        mean_probability=None if chances is None else float(chances.mean()),
    )
    if chances is None:
        return
    order = np.argsort(chances, kind="stable")
    for decile, members in enumerate(np.array_split(order, DECILES), start=1):
        if len(members):
            yield look.row(
                "decile",
                method,
                len(members),
                decile,
                active=int(active[members].sum()),
                fitted_cutoffs=fitted_cutoffs,
                mean_probability=float(chances[members].mean()),
            )


def rules(accounts: pd.DataFrame, hot_at: float) -> dict[str, np.ndarray]:
    """Return, by rule, which accounts of a snapshot it calls hot."""
    return {
        TEMPERATURE: accounts["is_hot"].to_numpy(bool),
        HEAT_RULE: accounts["heat"].to_numpy(float) >= hot_at,
        DAYS_RULE: accounts["recency_days"].to_numpy(int) <= RULE_DAYS,
    }


def hot(look: Look, method: str, active: np.ndarray, is_hot: np.ndarray) -> Row:
    """Return the row of a rule's hot accounts.

    Precision is None where nothing is hot, recall where nothing was active.
    """
    return look.row(
        "hot",
        method,
        len(active),
        active=int(active.sum()),
        hot_accounts=int(is_hot.sum()),
        precision_of_hot=float(precision_score(active, is_hot)) if is_hot.any() else None,
        recall_of_hot=float(recall_score(active, is_hot)) if active.any() else None,
    )


def flips(look: Look, method: str, states: np.ndarray) -> Row:
    """Return the row of a rule's flips.

    states: one row per look in order, one column per account known at the first look.
    """
    flipped = np.abs(np.diff(states.astype(int), axis=0)).sum(axis=0)
    return look.row(
        "flips",
        method,
        states.shape[1],
        looks=states.shape[0],
        flips_per_account=float(flipped.mean()),
        share_of_three_flips=float((flipped >= MANY_FLIPS).mean()),
    )
