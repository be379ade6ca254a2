"""The gate's comparison: what a candidate changes for readers of the current publication."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked
from thermocline.sql import quoted

SQL = Path(__file__).with_name("comparison.sql")
FIGURES = (
    "hot_share_moved",
    "hot_revenue_share_moved",
    "scorecard_moved_hot_share",
    "scorecard_moved_hot_revenue_share",
)
TABLES = ("account_segments", "account_timeline", "overrides", "scorecards", "scorecard_paths")
"""What `comparison.sql` reads of the candidate."""


@dataclass(frozen=True)
class Comparison:
    """The figures by name, from 0 to 1 or None where there is nothing to compare with, and what moved.

    moved: one row per figure and account: measure, failing_key, detail, source, source_file, source_row.
    """

    figures: dict[str, float | None]
    moved: tuple[tuple[Any, ...], ...] = ()


NOTHING = Comparison(dict.fromkeys(FIGURES))
"""Of a candidate that there is nothing to compare with."""


def compare(connection: duckdb.DuckDBPyConnection, candidate: Candidate, published_on: Any) -> Comparison:
    """Compare with the publication that is attached as `published`, of the day `published_on`.

    Raise GateBlocked where the candidate lacks a table that is compared.
    """
    connection.execute("create schema candidate")
    for name in TABLES:
        frozen = candidate.gate.get(name) or candidate.tables.get(name)
        if frozen is None:
            raise GateBlocked(f"candidate {candidate.content_hash[:12]} lacks table {name}: build it again")
        connection.execute(f"create view candidate.{quoted(name)} as from {frozen.relation}")
    return compared(connection, published_on, candidate.facts.as_of_date)


def compared(connection: duckdb.DuckDBPyConnection, published_on: Any, as_of: Any) -> Comparison:
    """Run comparison.sql over schemas `candidate` and `published.reporting`."""
    days = {"published_on": published_on, "as_of_date": as_of}
    for statement in duckdb.extract_statements(SQL.read_text(encoding="utf-8")):
        connection.execute(
            statement, {name: day for name, day in days.items() if name in statement.named_parameters}
        )
    figures = connection.execute(f"select {', '.join(FIGURES)} from figures").fetchall()[0]
    return Comparison(
        {
            name: None if figure is None else float(figure)
            for name, figure in zip(FIGURES, figures, strict=True)
        },
        tuple(connection.execute("from failures order by all").fetchall()),
    )
