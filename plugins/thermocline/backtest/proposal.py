"""A proposed scorecard version, the evidence for it, and the files a person decides on."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.backtest.law import Law
from thermocline.company.tables import SCORECARDS
from thermocline.errors import InputError
from thermocline.home import Home

DEGREES_OF = {
    "intent": ("degrees_opportunity_opened", "degrees_opportunity_lost"),
    "communication": (
        "degrees_meeting_held",
        *(
            f"degrees_{channel}_{outcome}"
            for channel in ("call", "email", "chat", "letter")
            for outcome in ("inbound", "answered")
        ),
    ),
    "feedback": ("degrees_feedback", "degrees_complaint"),
}
NANO = Decimal("1e-9")
ROUNDING = 1e-9


@dataclass(frozen=True)
class Judgement:
    """One later day: what came out under the proposal and under the version in force."""

    cutoff_on: date
    new: Mapping[str, float | None]
    old: Mapping[str, float | None]


@dataclass(frozen=True)
class Proposal:
    """A scorecard version that predicts no worse than the one in force.

    file, evidence: where it was written, None before.
    """

    in_force: Mapping[str, Any]
    author: str
    law: Law
    intercept: float
    slope: float
    hot_chance: float
    cold_chance: float
    fitted_on: tuple[date, ...]
    judgements: tuple[Judgement, ...]
    last_on: date
    version: int = 0
    file: Path | None = None
    evidence: Path | None = None

    def mean(self, which: str, figure: str) -> float:
        """Return a figure's mean over the later days, `which` being new or old."""
        found = [getattr(judgement, which)[figure] for judgement in self.judgements]
        present = [value for value in found if value is not None]
        return sum(present) / len(present) if present else float("nan")

    def refuse_if_worse(self) -> None:
        """Raise InputError naming the figure that got worse than under the version in force."""
        days = f"{self.judgements[0].cutoff_on} to {self.judgements[-1].cutoff_on}"
        keep = f"version {self.in_force['scorecard_version']} stays, nothing was written"
        for name, figure, sign in (("AUC", "auc", 1), ("Brier score", "brier", -1)):
            new, old = self.mean("new", figure), self.mean("old", figure)
            if not sign * (new - old) >= -ROUNDING:
                raise InputError(
                    f"the calibrated scorecard predicts worse than the version in force: mean {name} "
                    f"{new:.4f} against {old:.4f} at {len(self.judgements)} cut-offs, {days}: {keep}"
                )
        for judgement in self.judgements:
            if judgement.new["hot_share"] in (0.0, 1.0):
                shown = "every" if judgement.new["hot_share"] else "no"
                raise InputError(
                    f"under the calibrated scorecard {shown} account would have been hot on "
                    f"{judgement.cutoff_on}: {keep}"
                )

    def row(self) -> dict[str, Any]:
        """Return the version's cells, effective_from blank."""
        cells = dict(self.in_force)
        for dimension, factor in self.law.factors.items():
            for column in DEGREES_OF[dimension]:
                if cells[column] is not None:
                    cells[column] = (cells[column] * factor).quantize(NANO)
        days = [judgement.cutoff_on for judgement in self.judgements]
        return cells | {
            "scorecard_version": self.version,
            "effective_from": None,
            "author": self.author,
            "note": f"Calibrated on {len(self.fitted_on)} cut-offs, {self.fitted_on[0]} to "
            f"{self.fitted_on[-1]}; judged on {days[0]} to {days[-1]}; hot from a chance of "
            f"{self.hot_chance:.2f}, cold below {self.cold_chance:.2f}",
            "half_life_days": self.law.half_life_days,
            "hot_at": self.law.hot_at,
            "cold_at": self.law.cold_at,
            "p_active_intercept": Decimal(self.intercept).quantize(NANO),
            "p_active_slope": Decimal(self.slope).quantize(NANO),
        }

    def lines(self) -> list[str]:
        """Return the proposal beside the version in force, and how to put it in force."""
        row, old = self.row(), self.in_force
        found = [
            f"Scorecard {self.version}, proposed; in brackets version {old['scorecard_version']}, in force"
        ]
        for column in SCORECARDS.columns:
            if column in ("scorecard_version", "effective_from", "author", "note"):
                continue
            if row[column] != old[column] or column in ("half_life_days", "hot_at", "cold_at"):
                found.append(f"  {column:<28}{_plain(row[column]):>14}  ({_plain(old[column])})")
        found += [
            f"  hot from a chance of {self.hot_chance:.0%} to be invoiced in the next 90 days, "
            f"cold below {self.cold_chance:.0%}",
            f"Fitted on {len(self.fitted_on)} cut-offs, {self.fitted_on[0]} to {self.fitted_on[-1]}; "
            "judged on later ones:",
            f"  {'cut-off':<12}{'AUC':>16}{'Brier':>16}{'foretold':>10}{'happened':>10}{'hot share':>16}"
            f"{'precision':>16}",
        ]
        for judgement in self.judgements:
            new, past = judgement.new, judgement.old
            found.append(
                f"  {judgement.cutoff_on!s:<12}{_both(new, past, 'auc')}{_both(new, past, 'brier')}"
                f"{_figure(new['mean_probability']):>10}{_figure(new['active_share']):>10}"
                f"{_both(new, past, 'hot_share')}{_both(new, past, 'precision_of_hot')}"
            )
        found.append(
            "Intent, communication and feedback were scaled: "
            + ", ".join(f"{dimension} x{factor}" for dimension, factor in self.law.factors.items())
            if self.law.factors
            else "Degrees stay as they are: scaling intent, communication and feedback, where there are any, "
            "gained too little."
        )
        if self.file:
            found += [
                f"evidence: {self.evidence}",
                f"to activate it: thermocline scorecard activate {self.file} [--from DATE]; "
                "the next run screens by it from that day on",
            ]
        return found


def checked_author(author: str) -> str:
    """Return the author's name. Raise InputError where it is blank, or more than one short line."""
    name = author.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise InputError("the author of a scorecard is blank, too long or not one line: give a name")
    return name


def write(home: Home, proposal: Proposal) -> Proposal:
    """Write config/proposals/scorecard-<n>.csv and .json, replacing an earlier proposal of that version."""
    folder = home.config / "proposals"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"scorecard-{proposal.version}.csv"
    evidence = file.with_suffix(".json")
    text, row = io.StringIO(), proposal.row()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SCORECARDS.columns)
    writer.writerow(["" if row[name] is None else str(row[name]) for name in SCORECARDS.columns])
    durable.replace(evidence, json.dumps(_evidence(proposal), indent=1).encode() + b"\n")
    durable.replace(file, text.getvalue().encode())
    return replace(proposal, file=file, evidence=evidence)


def _evidence(proposal: Proposal) -> dict[str, Any]:
    return {
        "scorecard_version": proposal.version,
        "compared_with_version": proposal.in_force["scorecard_version"],
        "horizon_days": 90,
        "hot_from_chance": proposal.hot_chance,
        "cold_below_chance": proposal.cold_chance,
        "factors": {name: str(factor) for name, factor in proposal.law.factors.items()},
        "data_until": proposal.last_on.isoformat(),
        "fitted_on": [day.isoformat() for day in proposal.fitted_on],
        "judged_on": [
            {
                "cutoff_on": judgement.cutoff_on.isoformat(),
                "proposed": _rounded(judgement.new),
                "in_force": _rounded(judgement.old),
            }
            for judgement in proposal.judgements
        ],
    }


def _rounded(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 6) for name, value in figures.items()}


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _both(new: Mapping[str, float | None], old: Mapping[str, float | None], figure: str) -> str:
    return f"{f'{_figure(new[figure])} ({_figure(old[figure])})':>16}"


def _plain(value: Any) -> str:
    return "-" if value is None else f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
