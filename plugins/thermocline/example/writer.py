"""Feeds into CSV files, one per delivery, and where in them each known oddity stands."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from thermocline.example.deliveries import Array, Calendar

Cells = Sequence[str | None]

_MACROS = """
create macro iso(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S');
create macro zulu(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S.000Z');
create macro money(hundredths) as (hundredths::decimal(18, 2) * 0.01)::decimal(18, 2);
create macro crm_id(prefix, number) as
    prefix || '7Q0' || format('{:09d}', number)
    || case when substr(prefix, 3, 1) between 'A' and 'Z' then 'UAA' else 'QAA' end;
create macro customer_no(number) as
    case when number > 0 then 'K-' || format('{:06d}', number) end;
create macro document_no(letter, year, number) as
    letter || '-' || year || '-' || format('{:06d}', number);
"""


def connection() -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory as formatter: it keeps the order of the rows whatever its threads do."""
    formatter = duckdb.connect(config={"autoload_known_extensions": "false"})
    formatter.execute(_MACROS)
    return formatter


def crm_id(prefix: str, number: int) -> str:
    """Return a Salesforce id of 18 characters; the last three tell which of the others are capitals."""
    return f"{prefix}7Q0{number:09d}" + ("UAA" if prefix[2].isupper() else "QAA")


def customer_no(number: int) -> str:
    return f"K-{number:06d}"


def document_no(letter: str, year: int, number: int) -> str:
    return f"{letter}-{year}-{number:06d}"


@dataclass
class Feed:
    """One kind of file of one system.

    `columns` maps each header to SQL over the arrays that `rows` returns for a slice of the rows
    named by `delivery` (ascending). `sizes` says how many records a row becomes (default 1).
    `documents` counts the different things that the readable records are about; `extras` are
    ready-made records at the end of a delivery's file.
    """

    system: str
    file: str
    columns: dict[str, str]
    delivery: Array
    rows: Callable[[slice], dict[str, Array]]
    calendar: Calendar
    documents: int
    sizes: Array | None = None
    extras: dict[int, list[Cells]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = np.ones(len(self.delivery), int) if self.sizes is None else self.sizes
        self._before = np.concatenate([[0], np.cumsum(sizes)])
        self._bounds = np.searchsorted(self.delivery, np.arange(self.calendar.deliveries + 1))

    def path(self, delivery: int) -> str:
        return f"{self.system}/{self.calendar.folders[delivery]}/{self.file}"

    def records(self, delivery: int) -> int:
        """Return how many records the delivery's file has, extras included."""
        start, end = self._before[self._bounds[delivery : delivery + 2]]
        return int(end - start) + len(self.extras.get(delivery, []))

    def total_records(self) -> int:
        return sum(self.records(delivery) for delivery in range(self.calendar.deliveries))

    def place(self, row: int) -> tuple[str, int]:
        """Return the file and the number of the (first) record of a row."""
        delivery = int(self.delivery[row])
        before = self._before[row] - self._before[self._bounds[delivery]]
        return self.path(delivery), int(before) + 1

    def append(self, delivery: int, cells: Cells, readable: bool) -> tuple[str, int]:
        """Add a ready-made record; returns its file and number."""
        self.documents += readable
        self.extras.setdefault(delivery, []).append(cells)
        return self.path(delivery), self.records(delivery)

    def write(self, formatter: duckdb.DuckDBPyConnection, root: Path) -> None:
        """Write one file per delivery below `root`, with a header even where it has no record."""
        select = ", ".join(f'{sql} as "{name}"' for name, sql in self.columns.items())
        for delivery in range(self.calendar.deliveries):
            target = root / self.path(delivery)
            start, end = (int(bound) for bound in self._bounds[delivery : delivery + 2])
            if start == end:
                target.write_text(",".join(self.columns) + "\n", encoding="utf-8")
            else:
                formatter.register("rows", self.rows(slice(start, end)))
                path = str(target).replace("'", "''")
                formatter.execute(f"copy (select {select} from rows) to '{path}' (header)")
                formatter.unregister("rows")
            if delivery in self.extras:
                with target.open("a", encoding="utf-8", newline="") as file:
                    csv.writer(file, lineterminator="\n").writerows(self.extras[delivery])


@dataclass
class Findings:
    """The known oddities, one entry each: what, where, and what must become of it."""

    entries: list[dict[str, str | int]] = field(default_factory=list)

    def note(self, kind: str, expect: str, feed: Feed, row: int, key: str) -> None:
        """Record an oddity in a row of the feed."""
        self._add(kind, expect, feed, feed.place(row), key)

    def append(self, kind: str, expect: str, feed: Feed, delivery: int, cells: Cells, key: str) -> None:
        """Record an oddity that is a record of its own, at the end of a delivery's file."""
        place = feed.append(delivery, cells, readable=expect == "loaded")
        self._add(kind, expect, feed, place, key)

    def _add(self, kind: str, expect: str, feed: Feed, place: tuple[str, int], key: str) -> None:
        file, record = place
        self.entries.append(
            {
                "kind": kind,
                "system": feed.system,
                "file": file,
                "record": record,
                "key": key,
                "expect": expect,
            }
        )

    def counts(self) -> dict[str, int]:
        return dict(sorted(Counter(str(entry["kind"]) for entry in self.entries).items()))
