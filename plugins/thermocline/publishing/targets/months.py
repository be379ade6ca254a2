"""Event-grained tables in months, named by their rows' hash: an unchanged month is never written twice."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.hashing import UNDATED, WHOLE


@dataclass(frozen=True)
class Month:
    """The rows of one month of a table.

    path: the file of the rows, which `relation` reads.
    month: yyyy-mm, or `undated` for rows without a day. digest: SHA-256 (hex) of the rows with all
    their columns and types. first, last: the month's ISO dates, the end exclusive; None if undated.
    """

    month: str
    digest: str
    rows: int
    path: Path
    relation: str
    first: str | None
    last: str | None


def months(table: FrozenTable) -> list[Month]:
    """Return one `Month` per month with rows, in order; empty for an empty table."""
    shape = ",".join(f"{name} {kind}" for name, kind in table.columns.items())
    return [
        Month(
            name,
            hashlib.sha256(f"{part.stored_hash} {shape}".encode()).hexdigest(),
            part.rows,
            part.path,
            table.rows_of([name]),
            *_bounds(name),
        )
        for name, part in sorted(table.parts.items())
        if part.rows
    ]


def _bounds(month: str) -> tuple[str | None, str | None]:
    if month in (UNDATED, WHOLE):
        return None, None
    first = date.fromisoformat(f"{month}-01")
    return first.isoformat(), (first + timedelta(days=31)).replace(day=1).isoformat()
