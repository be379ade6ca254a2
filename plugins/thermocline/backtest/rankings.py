"""The rankings that heat is measured against, and the probability each gives."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

HEAT, RECENCY, RFM, REGRESSION = "heat", "recency", "rfm_rank_sum", "logistic_regression"
METHODS = (HEAT, RECENCY, RFM, REGRESSION)


def score(method: str, accounts: pd.DataFrame) -> np.ndarray:
    """Return what a ranking orders the accounts of a snapshot by, higher for more likely active.

    The regression has no score of its own: its probability is.
    """
    if method == HEAT:
        return accounts["heat"].to_numpy(float)
    if method == RECENCY:
        return -accounts["recency_days"].to_numpy(float)
    if method == RFM:
        ranks = [(-accounts["recency_days"]).rank(), accounts["frequency"].rank(), accounts["value"].rank()]
        return np.sum([rank.to_numpy(float) for rank in ranks], axis=0)
    raise KeyError(method)


def _features(method: str, accounts: pd.DataFrame) -> np.ndarray:
    """Return one row per account: the features of the logistic function."""
    if method == HEAT:
        return np.log2(accounts[["heat"]].to_numpy(float))
    if method == RFM:
        return (score(RFM, accounts) / (3 * len(accounts))).reshape(-1, 1)
    recency = np.log1p(accounts[["recency_days"]].to_numpy(float))
    if method == RECENCY:
        return recency
    return np.hstack([recency, np.log(accounts[["frequency", "value"]].to_numpy(float))])


@dataclass(frozen=True)
class Chances:
    """p = 1 / (1 + exp(-(intercept + slopes * features))); with heat, 0 where there is none."""

    method: str
    intercept: float
    slopes: tuple[float, ...]

    def of(self, accounts: pd.DataFrame) -> np.ndarray:
        """Return the probability of each account of a snapshot."""
        found = np.zeros(len(accounts))
        warm = _warm(self.method, accounts)
        if warm.any():
            linear = self.intercept + _features(self.method, accounts[warm]) @ np.array(self.slopes)
            found[warm] = 1 / (1 + np.exp(-np.clip(linear, -700, 700)))
        return found


def fit(method: str, snapshots: list[pd.DataFrame]) -> Chances | None:
    """Fit by maximum likelihood over all accounts of the snapshots; None where all outcomes are alike."""
    warm = [snapshot[_warm(method, snapshot)] for snapshot in snapshots]
    warm = [snapshot for snapshot in warm if len(snapshot)]
    outcomes = np.concatenate([snapshot["is_active"].to_numpy(bool) for snapshot in warm] or [np.empty(0)])
    if len(np.unique(outcomes)) < 2:
        return None
    features = np.vstack([_features(method, snapshot) for snapshot in warm])
    model = LogisticRegression(C=np.inf, tol=1e-9, max_iter=1000).fit(features, outcomes)
    return Chances(method, float(model.intercept_[0]), tuple(float(slope) for slope in model.coef_[0]))


def _warm(method: str, accounts: pd.DataFrame) -> np.ndarray:
    if method == HEAT:
        return accounts["heat"].to_numpy(float) > 0
    return np.ones(len(accounts), dtype=bool)
