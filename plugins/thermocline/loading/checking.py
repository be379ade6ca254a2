"""What would become of a folder of exports: every file read as at loading, nothing kept."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from thermocline.company import settings
from thermocline.errors import InputError
from thermocline.files.content import Unreadable
from thermocline.files.places import Entry, Folder
from thermocline.files.wording import listed, shown
from thermocline.home import Home
from thermocline.landing.arrivals import Arrival, Place
from thermocline.landing.catalogue import mappings_in_force
from thermocline.landing.parts import Part, parts
from thermocline.landing.standing import AHEAD_DAYS
from thermocline.loading.load import load_files
from thermocline.loading.refusals import NOT_A_NUMBER
from thermocline.loading.written_numbers import declarations_that_read
from thermocline.mapping.canonical import create_raw
from thermocline.mapping.declared_days import undeclared_figures
from thermocline.mapping.files import load_mappings
from thermocline.mapping.model import Mappings
from thermocline.mapping.schema import NUMBERS

MEMORY_LIMIT = "2GB"
HEADINGS = (
    "file", "mapping", "feed", "encoding", "rows", "from", "until", "quarantined", "left out", "notes",
)  # fmt: skip
TO_THE_RIGHT = ("rows",)


@dataclass
class CheckedFile:
    """One file of a checked folder. `refused` says why it wouldn't be taken at all (None: it is).

    `quarantined` counts rows by reason, `excluded` those that the mapping leaves out; `first_on`
    and `last_on` are the days that its rows are dated; `unmapped` are the vendor columns that the
    mapping doesn't know; `hints` say what to declare for values that can't be read; `excluded_by` is
    the pattern of `exclude_files` that leaves the file out;
    `undated` says why its path has no day, where others of its kind lie beside it; `ahead` what of it
    is dated after today.
    """

    file: str
    mapping: str | None = None
    feed: str | None = None
    encoding: str | None = None
    rows: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    quarantined: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    undated: str | None = None
    ahead: tuple[str, ...] = ()
    refused: str | None = None
    excluded_by: str | None = None

    @property
    def is_unreadable(self) -> bool:
        """Whether rows are quarantined and none would be loaded."""
        rows_kept_out = sum(self.quarantined.values()) + sum(self.excluded.values())
        return bool(self.quarantined) and rows_kept_out == self.rows


@dataclass(frozen=True)
class Checked:
    """A checked folder: one entry per data file and feed that is made of it, by path."""

    files: tuple[CheckedFile, ...]

    @property
    def refused(self) -> list[str]:
        """The files that wouldn't be taken, or of which no row could be read."""
        return [shown(file.file) for file in self.files if file.refused or file.is_unreadable]

    @property
    def is_without_records(self) -> bool:
        """Whether the files hold headers alone."""
        read = [file.rows for file in self.files if not file.excluded_by]
        return bool(read) and not any(rows is None or rows for rows in read)


def check(directory: Path, home: Home | None = None, today: date = date.max) -> Checked:
    """Read every data file of `directory` by the mappings shipped, or those in force in a home.

    today: by the clock of the command; what is dated later is named.
    Raises InputError where there is no such folder, or no data file in it, and for declarations of
    the home that don't hold.
    """
    settled = settings.read(home) if home else None
    mappings = mappings_in_force(home) if home else load_mappings()
    folder = Folder(directory.resolve())
    listing = folder.listing()
    if not listing.entries and not listing.left_out:
        raise InputError(f"{directory} holds no exports: name the folder of the exports")
    checked = {path: CheckedFile(path, refused=reason) for path, reason in listing.left_out.items()}
    with tempfile.TemporaryDirectory(prefix="thermocline-check-") as scratch:
        arrivals: list[Arrival] = []
        for entry in listing.entries:
            unpacked = Path(tempfile.mkdtemp(dir=scratch))
            try:
                found = parts(folder.local(entry), entry.path, mappings, unpacked)
            except FileNotFoundError:
                checked[entry.path] = CheckedFile(entry.path, refused="disappeared while it was read")
                continue
            for part in found:
                checked[part.name] = row = CheckedFile(part.name)
                mapping, feed = part.recognition.mapping, part.recognition.feed
                row.excluded_by = part.recognition.excluded_by
                if row.excluded_by:
                    continue
                if mapping is None or feed is None:
                    row.refused = part.recognition.describe()
                    continue
                row.mapping, row.feed = mapping.name, feed.name
                try:
                    arrival = arrival_of(folder, entry, part, 0)
                except Unreadable as error:
                    row.refused = str(error)
                    continue
                row.encoding = arrival.file.encoding
                for each in mapping.feeds_of(feed, arrival.file.header):
                    if each is not feed:
                        checked[f"{part.name}\n{each.name}"] = replace(
                            row, feed=each.name, quarantined={}, excluded={}
                        )
                    file = replace(arrival.file, feed=each.name, file_id=len(arrivals) + 1)
                    arrivals.append(replace(arrival, file=file))
        zone = settled.time_zone if settled else "UTC"
        by_feed = {(row.file, row.feed): row for row in checked.values()}
        _fill(by_feed, arrivals, mappings, zone, Path(scratch), today)
        _note_order(by_feed, arrivals)
        _note_days_ahead(by_feed, arrivals, today)
    return Checked(tuple(checked[path] for path in sorted(checked)))


def render(checked: Checked) -> str:
    """A text table, a line per file."""
    lines = [HEADINGS, *(_cells(row) for row in checked.files)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if heading in TO_THE_RIGHT else cell.ljust(width)
            for cell, width, heading in zip(line, widths, HEADINGS, strict=True)
        ).rstrip()
        for line in lines
    )


def arrival_of(folder: Folder, entry: Entry, part: Part, file_id: int) -> Arrival:
    """A recognised table as it would be loaded, read where it lies."""
    mapping = part.recognition.mapping
    if mapping is None:
        raise ValueError("only a recognised table arrives")
    file = part.described(mapping.name, part.content.sha256, "", entry.size, entry.mtime_ns)
    file = replace(file, file_id=file_id, empty_delivery="")
    told = part.delivery(mapping)
    place = Place(told.declared_on or date.min, 1, told.declared_on is not None, told.is_keyed)
    return Arrival(file, folder.local(entry), part.name, told.key, told.covers_on, place)


def _note_order(rows: dict[tuple[str, str | None], CheckedFile], arrivals: list[Arrival]) -> None:
    """Name the files whose path declares no day, where others of their kind lie beside them."""
    kinds = Counter((arrival.file.mapping, arrival.file.feed) for arrival in arrivals)
    for arrival in arrivals:
        if arrival.place.is_dated or kinds[arrival.file.mapping, arrival.file.feed] == 1:
            continue
        figures = undeclared_figures(arrival.source_file)
        rows[arrival.source_file, arrival.file.feed].undated = (
            f"{figures} in its path is no date unless `delivery_dates` says day_first or month_first"
            if figures
            else "no date in its path: it counts from the day it lands, and landed at once with others "
            "nothing says which is the later"
        )


def _note_days_ahead(
    rows: dict[tuple[str, str | None], CheckedFile], arrivals: list[Arrival], today: date
) -> None:
    """Name the files whose path declares a day to come."""
    for arrival in arrivals:
        if arrival.place.is_dated and (arrival.place.stated_on - today).days > AHEAD_DAYS:
            rows[arrival.source_file, arrival.file.feed].ahead += (
                f"its path names {arrival.place.stated_on}, a day to come: it counts as undated",
            )


def _fill(
    checked: dict[tuple[str, str | None], CheckedFile],
    arrivals: list[Arrival],
    mappings: Mappings,
    zone: str,
    scratch: Path,
    today: date,
) -> None:
    """Load the files into a database in memory and take the figures from there."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": f"{scratch}/duckdb",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=config) as connection:
        create_raw(connection)
        load_files(connection, arrivals, mappings, zone, scratch / "loading")
        for path, feed, rows, first_on, last_on in connection.execute(
            "select source_file, kind_of_file, rows_read, first_record_on, last_record_on from raw.files"
        ).fetchall():
            row = checked[path, feed]
            row.rows, row.first_on, row.last_on = rows, first_on, last_on
        for path, feed, reason, rows in connection.execute(
            "select source_file, kind_of_file, concat_ws(' ', column_name, reason) as reason, count(*) "
            "from raw.quarantine join raw.files using (file_id) group by all order by all"
        ).fetchall():
            checked[path, feed].quarantined[reason] = rows
        # The build quarantines an invoice without a currency: its money can't be valued.
        for path, feed, rows in connection.execute(
            "select source_file, kind_of_file, count(*) from raw.invoices join raw.files using (file_id) "
            "where currency is null and total is not null group by all"
        ).fetchall():
            checked[path, feed].quarantined["currency is missing: set `currency` of the source"] = rows
        for path, feed, column, values in connection.execute(
            "select source_file, kind_of_file, column_name, list(distinct value order by value) "
            "from raw.quarantine join raw.files using (file_id) where reason = ? group by all order by all",
            [NOT_A_NUMBER],
        ).fetchall():
            checked[path, feed].hints += _hints(column, values)
        for path, feed, reason, rows in connection.execute(
            "select source_file, kind_of_file, reason, count(*) "
            "from raw.excluded join raw.files using (file_id) group by all order by all"
        ).fetchall():
            checked[path, feed].excluded[reason] = rows
        for path, feed, records, first_on in connection.execute(
            "select source_file, kind_of_file, sum(records), min(recorded_on) "
            "from raw.record_days join raw.files using (file_id) where recorded_on > ? group by all",
            [today],
        ).fetchall():
            checked[path, feed].ahead += (
                f"{records:,} dated {first_on} or later, after today: not yet counted",
            )
        for path, feed, names in connection.execute(
            "select source_file, kind_of_file, list(column_name) from raw.unmapped_columns "
            "join raw.files using (file_id) group by all"
        ).fetchall():
            checked[path, feed].unmapped = tuple(names)


def _hints(column: str, values: list[str]) -> tuple[str, ...]:
    """The declarations by which all of a column's refused numbers could be read, if there are any."""
    read_by = [n for n in NUMBERS if all(n in declarations_that_read(value) for value in values)]
    if not read_by:
        return ()
    declared = " or ".join(f"`numbers: {numbers}`" for numbers in read_by)
    return (f"{column} {shown(values[0], 30)!r}: declare {declared} for the source in config/sources.yml",)


def _cells(row: CheckedFile) -> tuple[str, ...]:
    notes = [f"refused: {row.refused}"] if row.refused else [*row.hints]
    if row.excluded_by:
        notes.append(f"left out by exclude_files: {row.excluded_by}")
    if row.unmapped:
        notes.append(f"unused columns: {listed(row.unmapped, 6)}")
    if row.undated:
        notes.append(row.undated)
    notes += row.ahead
    if row.rows == 0:
        notes.append("a header without records")
    return (
        shown(row.file, 120),
        row.mapping or "-",
        row.feed or "-",
        row.encoding or "-",
        "-" if row.rows is None else f"{row.rows:,}",
        str(row.first_on or "-"),
        str(row.last_on or "-"),
        _counts(row.quarantined),
        _counts(row.excluded),
        "; ".join(notes),
    )


def _counts(reasons: dict[str, int]) -> str:
    return ", ".join(f"{rows} {reason}" for reason, rows in reasons.items()) or "-"
