"""What calibrate proposes, and what it refuses to."""

import csv
import json
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import pytest
from made_past import Past, day, steady
from thermocline.backtest.calibration import _half_lives, calibrate, propose
from thermocline.backtest.law import Law, snapshot
from thermocline.backtest.proposal import Proposal
from thermocline.backtest.rankings import fit
from thermocline.company import tables
from thermocline.errors import InputError
from thermocline.home import Home


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Proposal:
    home = Home(tmp_path_factory.mktemp("steady"))
    steady().warehouse(home)
    return calibrate(home, "A. Person")


def test_it_is_fitted_on_days_whose_outcome_was_known_before_the_first_it_is_judged_on(
    proposed: Proposal,
) -> None:
    judged = [judgement.cutoff_on for judgement in proposed.judgements]
    assert judged == [day(250), day(280), day(310)]
    assert list(proposed.fitted_on) == [day(number) for number in (40, 70, 100, 130, 160)]


def test_thresholds_stand_at_the_stated_chances(proposed: Proposal) -> None:
    row = proposed.row()
    for column, chance in (("hot_at", 0.6), ("cold_at", 0.3)):
        heat = float(row[column])
        intercept, slope = float(row["p_active_intercept"]), float(row["p_active_slope"])
        power = 2 ** -(intercept / slope)
        assert heat == pytest.approx(
            power * (chance / (1 - chance)) ** (0.6931471805599453 / slope), rel=1e-6
        )
    assert row["cold_at"] < row["hot_at"]


def test_the_row_is_one_of_scorecards_once_a_person_has_set_its_day(
    proposed: Proposal, tmp_path: Path
) -> None:
    assert proposed.file
    assert proposed.file.parts[-3:] == ("config", "proposals", "scorecard-2.csv")
    header, row = csv.reader(proposed.file.read_text(encoding="utf-8").splitlines())
    cells = dict(zip(header, row, strict=True))
    assert list(cells) == list(tables.SCORECARDS.columns)
    assert (cells["scorecard_version"], cells["effective_from"]) == ("2", "")
    assert (cells["author"], cells["typical_invoice"], cells["epoch"]) == (
        "A. Person",
        "100.0000",
        "2020-01-01",
    )
    home = Home(tmp_path / "other").prepare()
    activated = [cells[name] if name != "effective_from" else "2021-03-01" for name in header]
    with (home.config / "scorecards.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, activated])
    with closing(duckdb.connect()) as connection:
        tables.load(home, connection)
        assert connection.execute("select count(*) from config.scorecards where hot_at > 0").fetchone() == (
            1,
        )


def test_the_evidence_names_both_versions_at_every_later_day(proposed: Proposal) -> None:
    assert proposed.evidence
    told = json.loads(proposed.evidence.read_text(encoding="utf-8"))
    assert (told["scorecard_version"], told["compared_with_version"]) == (2, 1)
    assert [entry["cutoff_on"] for entry in told["judged_on"]] == ["2020-09-07", "2020-10-07", "2020-11-06"]
    for entry in told["judged_on"]:
        assert set(entry["proposed"]) == set(entry["in_force"]) == {
            "auc", "brier", "mean_probability", "active_share", "hot_share", "precision_of_hot",
        }  # fmt: skip
    assert any(f"scorecard activate {proposed.file}" in line for line in proposed.lines())


def test_one_that_is_worse_than_the_version_in_force_is_refused(tmp_path: Path) -> None:
    """The version in force has been fitted, in hindsight, on the very days that it is judged on."""
    past = steady()
    history = past.history()
    law = Law.in_force(history)
    hindsight = fit("heat", [snapshot(history, law, day(number), 90) for number in (250, 280, 310)])
    assert hindsight
    past.card = {
        "p_active_intercept": Decimal(repr(round(hindsight.intercept, 9))),
        "p_active_slope": Decimal(repr(round(hindsight.slopes[0], 9))),
    }
    home = Home(tmp_path)
    past.warehouse(home)
    with pytest.raises(InputError, match=r"predicts worse .* mean Brier score .* version 1 stays"):
        calibrate(home, "A. Person")
    assert not (home.config / "proposals").exists()


def misled() -> Past:
    """Accounts that ask for many quotes and seldom buy, and others that buy unasked."""
    past, chance = Past(), Random(7)
    for number in range(60):
        account, on, gap = f"account {number:02}", 0.0, 25 if number % 2 else 110
        while (on := on + chance.expovariate(1 / gap)) < 400:
            past.buys(account, [int(on)])
        if gap > 100:
            past.degrees += [(account, month, "intent", "1") for month in range(0, 400, 30)]
    return past


def test_a_dimension_that_misleads_is_scaled_down_and_one_without_events_is_left() -> None:
    found = propose(misled().history(), "A. Person")
    assert list(found.law.factors) == ["intent"]
    assert found.law.factors["intent"] < 1
    row = found.row()
    factor = found.law.factors["intent"]
    assert row["degrees_opportunity_opened"] == Decimal("0.1") * factor
    assert row["degrees_complaint"] == Decimal("0.1")
    assert found.mean("new", "auc") > found.mean("old", "auc")


def telling() -> Past:
    """Spells of interest, in which accounts buy, ask for quotes and are content; calls tell nothing."""
    past, chance = Past(), Random(1)
    for number in range(250):
        account, is_interested = f"account {number:03}", chance.random() < 0.4
        past.buys(account, [0])
        for on in range(400):
            if chance.random() < (1 / 200 if is_interested else 1 / 300):
                is_interested = not is_interested
            if chance.random() < (1 / 60 if is_interested else 1 / 1500):
                past.buys(account, [on])
            if chance.random() < (1 / 20 if is_interested else 1 / 500):
                past.degrees.append((account, on, "intent", "0.25"))
            if chance.random() < 1 / 60:
                past.degrees.append((account, on, "communication", "8"))
            if chance.random() < 1 / 40:
                past.degrees.append((account, on, "feedback", "0.1" if is_interested else "-0.1"))
    return past


def test_what_tells_is_scaled_up_and_what_tells_nothing_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermocline.backtest.calibration.HALF_LIVES", (Decimal(120),))
    found = propose(telling().history(), "A. Person")
    assert found.law.factors["communication"] == 0
    assert found.law.factors["intent"] > 1
    assert found.law.factors["feedback"] > 1
    assert found.mean("new", "auc") > found.mean("old", "auc") + 0.05


def test_half_lives_reach_no_further_than_the_history_and_the_integers() -> None:
    history = steady().history()
    law = Law.in_force(history)
    assert list(_half_lives(history, law, day(100))) == [30, 45, 60, 75, 90]
    old = Law(date(2010, 1, 1), law.half_life_days, law.hot_at, law.cold_at)
    assert min(_half_lives(history, old, day(399))) == 90


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (lambda: steady(days=119), "wait for more history"),
        (lambda: steady(days=80), "too few days to look 90 days ahead"),
        (lambda: steady(last_buyers=40), "too little to tell from the heat"),
    ],
)
def test_too_little_to_learn_from_is_refused(past: Callable[[], Past], words: str) -> None:
    with pytest.raises(InputError, match=words):
        propose(past().history(), "A. Person")


def test_the_author_is_a_name(tmp_path: Path) -> None:
    steady().warehouse(Home(tmp_path))
    for author in ("", " ", "two\nlines", "x" * 201):
        with pytest.raises(InputError, match="author"):
            calibrate(Home(tmp_path), author)
