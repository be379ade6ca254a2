"""A scorecard from the company's own history: fitted on earlier days, judged on later ones."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from thermocline.backtest import measurement, rankings
from thermocline.backtest.cutoffs import checked, earlier
from thermocline.backtest.history import History, read
from thermocline.backtest.law import Law, snapshot
from thermocline.backtest.proposal import Judgement, Proposal, checked_author, write
from thermocline.backtest.rankings import HEAT, Chances, fit
from thermocline.errors import InputError
from thermocline.home import Home

HORIZON_DAYS = 90
HALF_LIVES = tuple(Decimal(days) for days in (30, 45, 60, 75, 90, 105, 120, 150, 180, 240, 300, 365))
FACTORS = tuple(Decimal(factor) for factor in ("0.5", "1.5", "2", "0", "3", "4"))
SCALED = ("intent", "communication", "feedback")
HOT_CHANCE, COLD_CHANCE = 0.60, 0.30
"""An account gets hot where it is this likely to be invoiced in the next 90 days, cold below the other."""

LEAST_GAIN = 0.002
"""So much AUC, on the days fitted on, is noise: no constant changes for it."""

STEEPEST = 20.0
"""Log-odds by doubling of the heat; more is a handful of accounts that heat happens to separate."""

HALF_LIVES_SPANNED = 60
YEARS_TO_COME = timedelta(days=730)


@dataclass
class _Past:
    """A history looked back at under many laws; each AUC is computed once."""

    history: History
    aucs: dict[tuple[object, ...], float | None] = field(default_factory=dict)

    def look_back(self, law: Law, day: date) -> pd.DataFrame:
        return snapshot(self.history, law, day, HORIZON_DAYS)

    def auc(self, law: Law, day: date) -> float | None:
        key = (day, law.half_life_days, *sorted(law.factors.items()))
        if key not in self.aucs:
            accounts = self.look_back(law, day)
            active = accounts["is_active"].to_numpy(bool)
            self.aucs[key] = measurement.auc(active, rankings.score(HEAT, accounts))
        return self.aucs[key]

    def mean_auc(self, law: Law, days: Sequence[date]) -> float:
        figures = [figure for figure in (self.auc(law, day) for day in days) if figure is not None]
        return float(np.mean(figures)) if figures else 0.5

    def fitted(self, law: Law, days: Sequence[date]) -> Chances | None:
        return fit(HEAT, [self.look_back(law, day) for day in days])


def calibrate(home: Home, author: str, cutoffs: Sequence[date] | None = None) -> Proposal:
    """Propose the next scorecard version and write it, with its evidence, to config/proposals.

    cutoffs: the later days to judge it on; by default the newest third of those that the data allow.
    It is fitted on days whose 90 days were over before the first of them.

    Raise InputError (too short a history, a cut-off outside it, heat that tells nothing, or a result
    worse on the later days than the version in force), WarehouseBusy.
    """
    author = checked_author(author)
    with read(home) as history:
        proposal = propose(history, author, cutoffs)
    return write(home, proposal)


def propose(history: History, author: str, cutoffs: Sequence[date] | None = None) -> Proposal:
    """Return the proposal, not yet written. Raise InputError as `calibrate` does."""
    fitted_on, judged_on = _split(history, cutoffs)
    past, law = _Past(history), Law.in_force(history)
    chosen = _chosen(past, law, fitted_on)
    chances = past.fitted(chosen, fitted_on)
    if chances is None or not 0 < chances.slopes[0] <= STEEPEST:
        raise InputError(
            f"the days {fitted_on[0]} to {fitted_on[-1]} hold too little to tell from the "
            "heat who is invoiced again: no scorecard can be fitted on them, wait for more history"
        )
    chosen = _with_thresholds(chosen, chances)
    rival = _chances_in_force(history) or past.fitted(law, fitted_on)
    if rival is None:
        raise InputError(
            f"under version {history.version} no account was warm on the days {fitted_on[0]} to "
            f"{fitted_on[-1]}: there is nothing to compare a proposal with"
        )
    judgements = tuple(
        Judgement(
            day,
            new=_judged(past.look_back(chosen, day), chances),
            old=_judged(past.look_back(law, day), rival),
        )
        for day in judged_on
    )
    proposal = Proposal(
        in_force=history.scorecard,
        author=author,
        law=chosen,
        intercept=chances.intercept,
        slope=chances.slopes[0],
        hot_chance=HOT_CHANCE,
        cold_chance=COLD_CHANCE,
        fitted_on=tuple(fitted_on),
        judgements=judgements,
        last_on=history.last_on,
        version=history.newest_version + 1,
    )
    proposal.refuse_if_worse()
    return proposal


def _split(history: History, cutoffs: Sequence[date] | None) -> tuple[list[date], list[date]]:
    days = checked(history, cutoffs, HORIZON_DAYS)
    judged_on = days if cutoffs is not None else days[-max(1, len(days) // 3) :]
    fitted_on = earlier(history, judged_on[0], HORIZON_DAYS)
    if not fitted_on:
        raise InputError(
            f"no day before {judged_on[0]} has 30 days of history behind it and {HORIZON_DAYS} days before "
            f"that cut-off: the data cover {history.first_on} to {history.last_on}, wait for more history"
        )
    return fitted_on, judged_on


def _chosen(past: _Past, law: Law, days: Sequence[date]) -> Law:
    """Return the law with the smallest change that ranks as well as the best: half-life, then factors."""

    def gain(candidate: Law) -> float:
        return past.mean_auc(candidate, days)

    half_lives = sorted(
        _half_lives(past.history, law, days[-1]),
        key=lambda half_life: abs(math.log(half_life / law.half_life_days)),
    )
    law = _nearest([law, *(_with_half_life(law, half_life) for half_life in half_lives)], gain)
    for dimension in _known_dimensions(past.history, days[-1]):
        law = _nearest([law, *(law.scaled(dimension, factor) for factor in FACTORS)], gain)
    return law


def _nearest(candidates: Sequence[Law], gain: Callable[[Law], float]) -> Law:
    """Return the first, nearest to what is in force, that is within noise of the best."""
    least = max(gain(candidate) for candidate in candidates) - LEAST_GAIN
    return next(candidate for candidate in candidates if gain(candidate) >= least)


def _half_lives(history: History, law: Law, newest: date) -> Iterator[Decimal]:
    """Return the half-lives that the heat integers can represent for two more years, and the fitted days can
    judge.

    A half-life longer than the history behind them looks good merely because nothing old is there yet.
    """
    span = Decimal((history.last_on + YEARS_TO_COME - law.epoch).days)
    known = Decimal((newest - history.first_on).days)
    return (half_life for half_life in HALF_LIVES if span / HALF_LIVES_SPANNED <= half_life <= known)


def _with_half_life(law: Law, half_life: Decimal) -> Law:
    return Law(law.epoch, half_life, law.hot_at, law.cold_at, law.factors)


def _known_dimensions(history: History, until: date) -> list[str]:
    """Return the dimensions besides billing's that the fitted days have degrees of."""
    columns = ", ".join(f"count(*) filter ({dimension} <> 0)" for dimension in SCALED)
    counts = history.connection.execute(
        f"select {columns} from degrees where occurred_on <= ?", [until]
    ).fetchone()
    return [dimension for dimension, count in zip(SCALED, counts or (), strict=True) if count]


def _with_thresholds(law: Law, chances: Chances) -> Law:
    hot_at, cold_at = (_heat_at(chances, chance) for chance in (HOT_CHANCE, COLD_CHANCE))
    return Law(law.epoch, law.half_life_days, hot_at, cold_at, law.factors)


def _heat_at(chances: Chances, chance: float) -> Decimal:
    power = (math.log(chance / (1 - chance)) - chances.intercept) / chances.slopes[0]
    if not -20 < power < 20:
        raise InputError(
            f"a chance of {chance:.0%} lies at a heat of 2^{power:.0f}, which no account has: "
            "keep the version in force"
        )
    return Decimal(2**power).quantize(Decimal("1e-9"))


def _chances_in_force(history: History) -> Chances | None:
    intercept, slope = (history.scorecard[f"p_active_{part}"] for part in ("intercept", "slope"))
    if intercept is None or slope is None:
        return None
    return Chances(HEAT, float(intercept), (float(slope),))


def _judged(accounts: pd.DataFrame, chances: Chances) -> dict[str, float | None]:
    active, is_hot = accounts["is_active"].to_numpy(bool), accounts["is_hot"].to_numpy(bool)
    probability = chances.of(accounts)
    return {
        "auc": measurement.auc(active, rankings.score(HEAT, accounts)),
        "brier": measurement.brier(active, probability),
        "mean_probability": float(probability.mean()),
        "active_share": float(active.mean()),
        "hot_share": float(is_hot.mean()),
        "precision_of_hot": float(active[is_hot].mean()) if is_hot.any() else None,
    }
