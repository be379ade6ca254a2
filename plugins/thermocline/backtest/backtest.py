"""How well the screening would have predicted, on past days, who orders again."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from thermocline import durable
from thermocline.backtest import chart, measurement, rankings
from thermocline.backtest.cutoffs import checked, earlier
from thermocline.backtest.history import History, read
from thermocline.backtest.law import Law, snapshot
from thermocline.backtest.measurement import Look, Row
from thermocline.gate import audit_index
from thermocline.home import Home

FIRST_LOOK_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class Backtest:
    """The measures, in the grain of `Row`, and where they were written."""

    rows: tuple[Row, ...]
    table: Path
    page: Path

    def of(self, measure: str, method: str) -> list[Row]:
        """Return the rows of a measure and method, by cut-off and decile."""
        return [row for row in self.rows if (row.measure, row.method) == (measure, method)]

    def lines(self) -> list[str]:
        """Return the figures as a table, for a terminal."""
        days = [row.cutoff_on for row in self.of("ranking", rankings.HEAT)]
        first = self.of("ranking", rankings.HEAT)[0]
        width = max(len(method) for method in (*rankings.METHODS, measurement.HEAT_RULE)) + 2

        def line(name: str, figures: Sequence[object]) -> str:
            return f"  {name:<{width}}" + "".join(f"{_shown(figure):>12}" for figure in figures)

        found = [
            f"Who orders again within {first.horizon_days} days of each cut-off, "
            f"by scorecard {first.scorecard_version}",
            line("", days),
            line("accounts", [row.accounts for row in self.of("ranking", rankings.HEAT)]),
            line("ordered again", _active_shares(self.of("ranking", rankings.HEAT))),
        ]
        for title, figure in (
            ("AUC", "auc"),
            ("Brier score", "brier"),
            ("Mean probability", "mean_probability"),
        ):
            found.append(title)
            for method in rankings.METHODS:
                rows = self.of("ranking", method)
                found.append(line(method, [getattr(row, figure) for row in rows]))
        for title, figure in (
            ("Precision of hot", "precision_of_hot"),
            ("Recall of hot", "recall_of_hot"),
        ):
            found.append(title)
            for method in (measurement.TEMPERATURE, measurement.HEAT_RULE, measurement.DAYS_RULE):
                found.append(line(method, [getattr(row, figure) for row in self.of("hot", method)]))
        for row in (row for row in self.rows if row.measure == "flips"):
            found.append(
                f"Flips of {row.method} over {row.looks} monthly looks, {row.accounts:,} accounts: "
                f"{row.flips_per_account:.2f} each, three or more {row.share_of_three_flips:.2%}"
            )
        return [
            *found,
            f"table: {self.table} (in reporting with the next publication)",
            f"chart: {self.page}",
        ]


def _shown(figure: object) -> str:
    if figure is None:
        return "-"
    return f"{figure:.3f}" if isinstance(figure, float) else str(figure)


def _active_shares(rows: list[Row]) -> list[float]:
    return [(row.active or 0) / row.accounts for row in rows]


def backtest(home: Home, cutoffs: Sequence[date] | None, horizon_days: int = 90) -> Backtest:
    """Measure heat, its rivals and the temperature at each cut-off, and write table and chart.

    Each cut-off sees the records dated up to it, and probabilities fitted on cut-offs whose outcomes were
    known by then. The records are as known now: later corrections, voids and late deliveries are included.
    The scorecard is the version in force, its typical invoice included.

    Raise InputError (a cut-off or its horizon outside the data, nothing screened yet), WarehouseBusy.
    """
    with read(home) as history:
        rows = tuple(measure(history, cutoffs, horizon_days))
    table, page = home.root / "evidence" / "backtest.csv", home.site / "backtest.html"
    for folder in (table.parent, page.parent):
        folder.mkdir(parents=True, exist_ok=True)
    durable.replace(table, _csv(rows))
    durable.replace(page, chart.page(rows).encode())
    audit_index.refresh(home)
    return Backtest(rows, table, page)


def measure(history: History, cutoffs: Sequence[date] | None, horizon_days: int) -> Iterator[Row]:
    """Yield the rows of a backtest. Raise InputError as `cutoffs.checked` does, before computing."""
    law, seen = Law.in_force(history), {}

    def look_back(day: date) -> pd.DataFrame:
        if day not in seen:
            seen[day] = snapshot(history, law, day, horizon_days)
        return seen[day]

    days = checked(history, cutoffs, horizon_days)
    for day in days:
        look = Look(day, horizon_days, history.version)
        accounts = look_back(day)
        active = accounts["is_active"].to_numpy(bool)
        fitted_on = [look_back(other) for other in earlier(history, day, horizon_days)]
        for method in rankings.METHODS:
            chances = rankings.fit(method, fitted_on) if fitted_on else None
            probability = None if chances is None else chances.of(accounts)
            scores = probability if method == rankings.REGRESSION else rankings.score(method, accounts)
            fitted = len(fitted_on) if chances else 0
            yield from measurement.ranking(look, method, active, scores, probability, fitted)
        for rule, is_hot in measurement.rules(accounts, float(law.hot_at)).items():
            yield measurement.hot(look, rule, active, is_hot)
    yield from _flips(history, law, Look(days[-1], horizon_days, history.version))


def _flips(history: History, law: Law, look: Look) -> Iterator[Row]:
    """Return the month-ends from 90 days after the first invoice to the last of the data; none if fewer than
    two.
    """
    first = history.first_on + FIRST_LOOK_AFTER
    looks = [day.date() for day in pd.date_range(first, history.last_on, freq="ME")]
    if len(looks) < 2:
        return
    known = snapshot(history, law, looks[0]).index
    states: dict[str, list[np.ndarray]] = {}
    for day in looks:
        accounts = snapshot(history, law, day).loc[known]
        for rule, is_hot in measurement.rules(accounts, float(law.hot_at)).items():
            states.setdefault(rule, []).append(is_hot)
    for rule, found in states.items():
        yield measurement.flips(look, rule, np.array(found))


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in fields(Row)])
    writer.writerows(row.cells() for row in rows)
    return text.getvalue().encode()
