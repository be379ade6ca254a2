"""The rankings and the measures against cases reckoned by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from made_past import Past, day
from thermocline.backtest import measurement, rankings
from thermocline.backtest.law import Law, snapshot
from thermocline.backtest.measurement import Look


@pytest.fixture
def accounts() -> pd.DataFrame:
    past = Past().buys("often", [0, 40, 80]).buys("late", [95]).buys("once", [10]).buys("next", [101])
    history = past.history()
    return snapshot(history, Law.in_force(history), day(100), 90)


def test_a_snapshot_holds_the_accounts_invoiced_by_then_and_what_became_of_them(
    accounts: pd.DataFrame,
) -> None:
    assert list(accounts.index) == ["late", "often", "once"]
    assert list(accounts["recency_days"]) == [5, 20, 90]
    assert list(accounts["frequency"]) == [1, 3, 1]
    assert list(accounts["value"]) == [100, 300, 100]
    assert list(accounts["is_active"]) == [False, False, False]
    heat = [2 ** (-5 / 120), sum(2 ** (-age / 120) for age in (100, 60, 20)), 2 ** (-90 / 120)]
    assert list(accounts["heat"]) == pytest.approx(heat, abs=1e-8)
    assert list(accounts["is_hot"]) == [True, True, True]


def test_the_horizon_begins_after_the_cutoff_and_includes_its_last_day() -> None:
    history = Past().buys("on it", [0, 100]).buys("last", [0, 190]).buys("after", [0, 191]).history()
    found = snapshot(history, Law.in_force(history), day(100), 90)
    assert dict(found["is_active"]) == {"after": False, "last": True, "on it": False}


def test_each_ranking_orders_by_its_own_figure(accounts: pd.DataFrame) -> None:
    assert list(rankings.score("recency", accounts)) == [-5, -20, -90]
    # Ranks of late, often, once: recency 3 2 1, frequency 1.5 3 1.5, value 1.5 3 1.5.
    assert list(rankings.score("rfm_rank_sum", accounts)) == [6.0, 8.0, 4.0]
    assert list(rankings.score("heat", accounts)) == list(accounts["heat"])


def test_an_account_without_heat_has_no_chance() -> None:
    told = pd.DataFrame({"heat": [-0.2, 0.0, 1.0, 2.0], "is_active": [True, True, False, True]})
    chances = rankings.Chances("heat", 0.5, (1.0,)).of(told)
    assert list(chances) == pytest.approx([0, 0, 1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(-1.5))])


def test_the_fit_is_maximum_likelihood() -> None:
    """With two heats the likeliest chances are the shares: 1/4 at heat 1, 3/4 at heat 4."""
    told = pd.DataFrame(
        {"heat": [1.0] * 4 + [4.0] * 4, "is_active": [True, *[False] * 3, *[True] * 3, False]}
    )
    chances = rankings.fit("heat", [told])
    assert chances
    assert chances.intercept == pytest.approx(-np.log(3), abs=1e-5)
    assert chances.slopes[0] == pytest.approx(np.log(3), abs=1e-5)


def test_nothing_is_fitted_where_all_ended_alike() -> None:
    assert rankings.fit("heat", [pd.DataFrame({"heat": [1.0, 2.0], "is_active": [True, True]})]) is None


LOOK = Look(date(2020, 1, 1), 90, 1)


def test_deciles_are_tenths_from_the_least_likely() -> None:
    chances = np.linspace(0.95, 0.05, 20)
    rows = list(measurement.ranking(LOOK, "heat", chances > 0.5, chances, chances, 1))
    whole, deciles = rows[0], rows[1:]
    assert (whole.auc, whole.accounts, whole.active) == (1.0, 20, 10)
    assert whole.brier == pytest.approx(np.mean((chances - (chances > 0.5)) ** 2))
    assert [row.decile for row in deciles] == list(range(1, 11))
    assert [row.active for row in deciles] == [0] * 5 + [2] * 5
    assert deciles[0].mean_probability == pytest.approx((0.05 + chances[-2]) / 2)


def test_precision_is_of_the_hot_and_recall_of_the_active() -> None:
    active = np.array([True, True, True, False, False])
    row = measurement.hot(LOOK, "temperature", active, np.array([True, False, False, True, False]))
    assert (row.hot_accounts, row.precision_of_hot, row.recall_of_hot) == (2, 0.5, pytest.approx(1 / 3))
    assert measurement.hot(LOOK, "temperature", active, np.zeros(5, dtype=bool)).precision_of_hot is None


def test_flips_are_changes_from_look_to_look() -> None:
    states = np.array([[1, 1], [0, 1], [1, 1], [0, 0]], dtype=bool)
    row = measurement.flips(LOOK, "temperature", states)
    assert (row.looks, row.accounts, row.flips_per_account, row.share_of_three_flips) == (4, 2, 2.0, 0.5)


def test_ninety_days_are_within_ninety_days() -> None:
    told = pd.DataFrame({"is_hot": [True, False], "heat": [0.9, 1.0], "recency_days": [90, 91]})
    assert {rule: list(hot) for rule, hot in measurement.rules(told, 1.0).items()} == {
        "temperature": [True, False],
        "heat_at_least_hot_at": [False, True],
        "invoice_within_90_days": [True, False],
    }
