"""What a backtest sees, what it refuses, and that its law is the models'."""

import csv
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from made_past import Past, day, steady
from screened import Screened
from thermocline import warehouse
from thermocline.backtest import history as past_of
from thermocline.backtest.backtest import backtest, measure
from thermocline.backtest.cutoffs import checked
from thermocline.backtest.law import Law, snapshot
from thermocline.backtest.measurement import Row
from thermocline.command.cli import main
from thermocline.company import tables
from thermocline.errors import InputError
from thermocline.home import Home

DIGITS = " + ".join(
    f"cast(round(sum_{dimension}::double * pow(2.0, -50 - (occurred_on - epoch)::double / half_life_days), 9)"
    " as decimal(18, 9))"
    for dimension in past_of.DIMENSIONS
)


def test_heat_and_temperature_are_those_of_the_models(example: Screened) -> None:
    """At days before, on and after events: the same heat to the last digit, the same hot and cold."""
    with past_of.read(example.home) as history:
        days = [history.last_on - timedelta(days=back) for back in (0, 1, 37, 100, 200, 311)]
        found = {on: snapshot(history, Law.in_force(history), on) for on in days}
    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        for on, accounts in found.items():
            told = connection.execute(
                f"""
                with accounts as (
                    select body_id as account_id, body_number
                    from screening.int_bodies
                    where body_kind = 'account'
                )
                select
                    account_id,
                    (select {DIGITS} from screening.int_heat_sums as sums
                     where sums.body_number = accounts.body_number and sums.occurred_on = $on) as heat,
                    arg_max(temperature, changed_on)
                from accounts
                inner join screening.int_temperature_paths using (body_number)
                where changed_on <= $on
                group by all
                """,
                {"on": on},
            ).fetchall()
            temperatures = {account: temperature for account, _, temperature in told}
            assert len(accounts) > 20
            for account, is_hot in accounts["is_hot"].items():
                assert is_hot == (temperatures.get(str(account)) == "hot"), (account, on)
            for account, heat, _ in told:
                if heat is not None and account in accounts.index:
                    assert round(Decimal(accounts.loc[account, "heat"]), 9) == heat
    now = dict(example.rows("select account_id, heat from account_segments"))
    for account, heat in found[example.built.as_of]["heat"].items():
        assert round(Decimal(heat), 9) == now[str(account)]


def test_hot_and_cold_stand_on_each_side_of_their_thresholds() -> None:
    """One invoice is one degree: hot on its day, and until its heat has halved on day 120."""
    history = Past().buys("a", [0]).history()
    law = Law.in_force(history)
    states = {number: bool(snapshot(history, law, day(number))["is_hot"].item()) for number in (0, 120, 121)}
    assert states == {0: True, 120: True, 121: False}
    assert snapshot(history, law, day(120))["heat"].item() == 0.5


@pytest.mark.parametrize(("talked_on", "is_hot"), [(121, True), (122, False)])
def test_an_event_keeps_what_is_hot_and_doesnt_wake_what_has_been_cold_a_day(
    talked_on: int, is_hot: bool
) -> None:
    past = Past().buys("a", [0])
    past.degrees = [("a", talked_on, "intent", "0.3"), ("b", 0, "intent", "9")]
    history = past.history()
    accounts = snapshot(history, Law.in_force(history), day(talked_on))
    assert list(accounts.index) == ["a"]
    assert 0.5 < accounts["heat"].item() < 1
    assert accounts["is_hot"].item() == is_hot


def test_what_happens_after_a_cutoff_changes_only_the_outcome() -> None:
    cutoff = day(200)
    before, after = steady(), steady()
    after.invoices = [pair for pair in after.invoices if pair[1] <= 200]
    after.buys("account 00", [201]).buys("newcomer", [202])
    after.degrees = [("account 03", 201, "feedback", "-5")]
    seen = [
        {
            (row.method, row.decile): row
            for row in measure(past.history(), [cutoff], 90)
            if row.measure != "flips"
        }
        for past in (before, after)
    ]
    assert seen[0].keys() == seen[1].keys()
    for key, row in seen[0].items():
        other = seen[1][key]
        for figure in ("accounts", "mean_probability", "hot_accounts", "fitted_cutoffs", "scorecard_version"):
            assert getattr(row, figure) == getattr(other, figure), (key, figure)
    assert seen[0]["heat", 0].active != seen[1]["heat", 0].active
    assert seen[0]["heat", 0].mean_probability is not None


def test_probabilities_wait_for_a_cutoff_whose_outcome_was_known() -> None:
    rows = [row for row in measure(steady().history(), [day(119), day(120)], 90) if row.measure == "ranking"]
    fitted = {(row.cutoff_on, row.method): row.fitted_cutoffs for row in rows}
    assert fitted[day(119), "heat"] == 0
    assert fitted[day(120), "heat"] == 1
    early = next(row for row in rows if (row.cutoff_on, row.method) == (day(119), "logistic_regression"))
    assert (early.auc, early.brier, early.mean_probability) == (None, None, None)
    assert next(row for row in rows if (row.cutoff_on, row.method) == (day(119), "heat")).auc is not None


@pytest.mark.parametrize(
    ("cutoff", "words"),
    [
        (day(-1), "cut-off 2019-12-31 lies outside the data: the data cover 2020-01-01 to 2021-02-04"),
        (day(401), "cut-off 2021-02-05 lies outside the data: the data cover 2020-01-01 to 2021-02-04"),
        (day(311), "cut-off 2020-11-07 with its horizon of 90 days ends on 2021-02-05, and the data cover"),
    ],
)
def test_a_cutoff_that_the_data_cant_answer_is_refused(cutoff: date, words: str) -> None:
    with pytest.raises(InputError, match=words):
        list(measure(steady().history(), [day(200), cutoff], 90))


def test_the_last_cutoff_that_the_data_answer_is_taken_and_days_are_sorted_once() -> None:
    history = steady().history()
    assert checked(history, [day(310), day(0), day(310)], 90) == [day(0), day(310)]
    assert checked(history, None, 90) == [day(310 - 30 * back) for back in range(9, -1, -1)]
    for horizon in (0, -1, 380, 10**10):
        with pytest.raises(InputError):
            checked(history, None, horizon)
    with pytest.raises(InputError, match="no cut-off"):
        checked(history, [], 90)


def test_the_table_is_loaded_and_the_page_needs_nothing(tmp_path: Path) -> None:
    home, past = Home(tmp_path), steady()
    past.invoices = [
        (f"<script>alert(1)</script>{{{{ 7*7 }}}}{account}", on) for account, on in past.invoices
    ]
    past.warehouse(home)
    found = backtest(home, [day(150), day(250)])
    with closing(duckdb.connect()) as connection:
        tables.load(home, connection)
        loaded = connection.execute("from config.screening_backtest").fetchall()
        kinds = connection.execute("describe config.screening_backtest").fetchall()
    assert len(loaded) == len(found.rows) > 80
    assert [kind[0] for kind in kinds] == [column.name for column in fields(Row)]
    assert not {kind[1] for kind in kinds} & {"DOUBLE", "FLOAT"}
    page = found.page.read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert not [text for text in ("http", "<script", "alert", "7*7", "account 01") if text in page]
    assert any(line.split()[:1] == ["heat"] for line in found.lines())


def test_voids_and_totals_of_zero_are_no_invoices(tmp_path: Path) -> None:
    home = Home(tmp_path)
    steady().warehouse(home)
    with past_of.read(home) as history:
        assert history.last_on == day(400)
        accounts = snapshot(history, Law.in_force(history), day(100))
    assert not {"void", "free", "talker"} & set(accounts.index)
    assert len(accounts) == 40


def test_equal_pasts_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    written = []
    for name, order in (("a", 1), ("b", -1)):
        past = steady()
        past.invoices = past.invoices[::order]
        past.warehouse(Home(tmp_path / name))
        found = backtest(Home(tmp_path / name), None)
        written.append((found.table.read_bytes(), found.page.read_bytes()))
    assert written[0] == written[1]
    assert len(list(csv.reader(written[0][0].decode().splitlines()))) > 100


@pytest.mark.parametrize("spoil", [lambda _: None, lambda home: duckdb.connect(str(home.warehouse)).close()])
def test_before_the_first_run_it_says_so(
    tmp_path: Path,
    spoil: Callable[[Home], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = Home(tmp_path).prepare()
    spoil(home)
    monkeypatch.setenv("THERMOCLINE_HOME", str(tmp_path))
    assert main(["backtest"]) == 2
    assert "run thermocline run first" in capsys.readouterr().err
    assert main(["calibrate", "--author", " "]) == 2
