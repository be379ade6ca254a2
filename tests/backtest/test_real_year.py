"""The real wholesaler's year: heat against its rivals, and what calibrate makes of it."""

from datetime import date

import pytest
from thermocline.backtest.backtest import Backtest, backtest
from thermocline.backtest.calibration import calibrate
from thermocline.backtest.proposal import Proposal
from thermocline.home import Home

CUTOFFS = [date(2011, month, 9) for month in (4, 6, 8, 9)]
MEASURED = {
    "heat": [0.725, 0.755, 0.757, 0.738],
    "rfm_rank_sum": [0.719, 0.753, 0.759, 0.739],
    "recency": [0.626, 0.668, 0.698, 0.683],
}


@pytest.fixture(scope="module")
def tested(built_year: Home) -> Backtest:
    return backtest(built_year, CUTOFFS)


@pytest.fixture(scope="module")
def proposed(built_year: Home) -> Proposal:
    return calibrate(built_year, "A. Person")


def figures(tested: Backtest, measure: str, method: str, figure: str) -> list[float]:
    rows = tested.of(measure, method)
    assert [row.cutoff_on for row in rows] == CUTOFFS
    return [getattr(row, figure) for row in rows]


@pytest.mark.parametrize("method", MEASURED)
def test_the_rankings_are_as_measured_independently(tested: Backtest, method: str) -> None:
    assert figures(tested, "ranking", method, "auc") == pytest.approx(MEASURED[method], abs=0.003)


def test_heat_beats_recency_at_every_cutoff_and_is_level_with_rfm(tested: Backtest) -> None:
    heat, rfm, recency = (figures(tested, "ranking", method, "auc") for method in MEASURED)
    for hot, recent in zip(heat, recency, strict=True):
        assert hot >= recent + 0.05
    assert sum(heat) / 4 >= sum(rfm) / 4 - 0.002


def test_chances_fitted_on_earlier_cutoffs_come_true(tested: Backtest) -> None:
    for row in tested.of("ranking", "heat"):
        assert row.mean_probability == pytest.approx((row.active or 0) / row.accounts, abs=0.08), (
            row.cutoff_on
        )


def test_temperature_flips_at_most_a_tenth_as_often_as_the_ninety_day_rule(tested: Backtest) -> None:
    [temperature] = tested.of("flips", "temperature")
    [rule] = tested.of("flips", "invoice_within_90_days")
    assert (temperature.looks, temperature.accounts) == (rule.looks, rule.accounts) == (9, 2134)
    assert rule.share_of_three_flips == pytest.approx(0.090, abs=0.0005)
    assert temperature.share_of_three_flips == pytest.approx(0.0033, abs=0.0005)
    assert temperature.share_of_three_flips <= rule.share_of_three_flips / 10


def test_the_published_temperature_is_as_precise_as_the_ninety_day_rule_at_each_cutoff(
    tested: Backtest,
) -> None:
    temperature = figures(tested, "hot", "temperature", "precision_of_hot")
    rule = figures(tested, "hot", "invoice_within_90_days", "precision_of_hot")
    assert temperature == pytest.approx([0.706, 0.633, 0.678, 0.703], abs=0.001)
    assert rule == pytest.approx([0.578, 0.553, 0.648, 0.690], abs=0.001)
    assert all(hot >= within for hot, within in zip(temperature, rule, strict=True))


def test_calibration_lowers_no_later_cutoff_and_its_chances_come_true(proposed: Proposal) -> None:
    assert max(proposed.fitted_on) < date(2011, 4, 14)
    assert len(proposed.judgements) == 3
    assert proposed.mean("new", "auc") >= proposed.mean("old", "auc") - 1e-9
    for judgement in proposed.judgements:
        assert judgement.new["mean_probability"] == pytest.approx(judgement.new["active_share"], abs=0.08)


def test_calibrated_thresholds_make_the_published_temperature_as_precise_as_the_rule(
    built_year: Home,
) -> None:
    proposal = calibrate(built_year, "A. Person", CUTOFFS[2:])
    rule = {date(2011, 8, 9): 0.648, date(2011, 9, 9): 0.690}
    for judgement in proposal.judgements:
        assert (judgement.new["precision_of_hot"] or 0) >= rule[judgement.cutoff_on]
        assert judgement.new["mean_probability"] == pytest.approx(judgement.new["active_share"], abs=0.08)
