"""The manifest: which files have landed, under which paths they came, and which paths were seen.

A SQLite database, because both extract tasks, and a run beside them, may write at the same time.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path

from thermocline.errors import ThermoclineError
from thermocline.home import Home

BUSY_SECONDS = 60
LANDED, RECOGNISED, LEFT_OUT = "landed", "recognised", "left_out"

_TABLES = """
create table if not exists files (
    file_id integer primary key,
    source text not null, system text not null, mapping text not null, feed text not null,
    sha256 text not null, content_sha256 text not null, landed_as text not null,
    bytes integer not null, mtime_ns integer not null, compression text not null,
    encoding text not null, delimiter text not null, header text not null,
    records integer not null, blank_lines integer not null, is_regular integer not null,
    extent text not null, rhythm_days integer, empty_delivery text not null,
    landed_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (source, content_sha256, empty_delivery)
);
create table if not exists deliveries (
    file_id integer not null references files, source_file text not null,
    delivery_key text not null, covers_on text,
    primary key (file_id, source_file)
);
create table if not exists seen (
    location text not null, path text not null, size integer not null, mtime_ns integer not null,
    state text not null, system text, note text, digest text not null,
    primary key (location, path)
);
"""


Identity = tuple[str, str, str]


@dataclass(frozen=True)
class LandedFile:
    """A file of the landing, described as of its landing.

    `sha256` is of its bytes, `content_sha256` of the unpacked ones. `landed_as` is its path below
    the landing. `records` counts its records, the header not among them. `empty_delivery` is the
    delivery key of a file without records, else empty: files with equal content are one, but a
    delivery without news says that its day is covered.
    """

    source: str
    system: str
    mapping: str
    feed: str
    sha256: str
    content_sha256: str
    landed_as: str
    bytes: int
    mtime_ns: int
    compression: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    records: int
    blank_lines: int
    is_regular: bool
    extent: str
    rhythm_days: int | None
    empty_delivery: str
    file_id: int = 0

    @property
    def identity(self) -> "Identity":
        return self.source, self.content_sha256, self.empty_delivery


@dataclass(frozen=True)
class Delivery:
    """One path under which a landed file came: its delivery key and the day that it covers."""

    file_id: int
    source_file: str
    delivery_key: str
    covers_on: date | None


@dataclass(frozen=True)
class Seen:
    """What became of a path of a location when it had this size and time of change.

    `state` is landed, recognised (a file of `system`, which hasn't landed it yet) or left_out,
    with the reason in `note`. `digest` is that of the mappings and sources it was judged by.
    """

    path: str
    size: int
    mtime_ns: int
    state: str
    system: str | None
    note: str | None
    digest: str


_FILE_COLUMNS = ", ".join(field.name for field in fields(LandedFile) if field.name != "file_id")


class Manifest:
    """The manifest of a home. Every method is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def seen(self, location: Path) -> dict[str, Seen]:
        rows = self._connection.execute(
            "select path, size, mtime_ns, state, system, note, digest from seen where location = ?",
            (str(location),),
        )
        return {row[0]: Seen(*row) for row in rows}

    def note(self, location: Path, seen: Iterable[Seen]) -> None:
        """Remember what became of paths."""
        with self._transaction():
            self._note(location, seen)

    def contents(self) -> set[Identity]:
        """The identities (source, content's SHA-256, empty delivery) of all landed files."""
        rows = self._connection.execute("select source, content_sha256, empty_delivery from files")
        return {tuple(row) for row in rows}

    def add(
        self, location: Path, landed: Iterable[tuple[LandedFile, Seen, str, date | None]]
    ) -> list[LandedFile]:
        """Record landed files with path, delivery key and covered day; returns the new ones."""
        new = []
        marks = ", ".join("?" * (len(fields(LandedFile)) - 1))
        with self._transaction():
            for file, seen, key, covers_on in landed:
                values = [*astuple(file)[:-1]]
                values[12] = json.dumps(file.header)
                cursor = self._connection.execute(
                    f"insert or ignore into files ({_FILE_COLUMNS}) values ({marks})", values
                )
                if cursor.rowcount:
                    new.append(file)
                self._connection.execute(
                    "insert or replace into deliveries select file_id, ?, ?, ? from files "
                    "where source = ? and content_sha256 = ? and empty_delivery = ?",
                    (seen.path, key, covers_on and covers_on.isoformat(), *file.identity),
                )
                self._note(location, [seen])
        return new

    def files(self) -> list[LandedFile]:
        """All landed files, in the order of their ids."""
        rows = self._connection.execute(f"select {_FILE_COLUMNS}, file_id from files order by file_id")
        return [_landed_file(row) for row in rows]

    def deliveries(self) -> list[Delivery]:
        """Every path under which a file came, ordered by file, delivery key and path."""
        rows = self._connection.execute(
            "select file_id, source_file, delivery_key, covers_on from deliveries "
            "order by file_id, delivery_key, source_file"
        )
        return [
            Delivery(file_id, path, key, date.fromisoformat(day) if day else None)
            for file_id, path, key, day in rows
        ]

    def covered_through(self, system: str) -> date | None:
        """The day through which all feeds of the system's shortest rhythm declare coverage."""
        row = self._connection.execute(
            """
            with covered as (
                select source, feed, min(rhythm_days) as rhythm_days, max(covers_on) as covers_on
                from files join deliveries using (file_id)
                where system = ? and covers_on is not null
                group by source, feed
            )
            select min(covers_on) from covered
            where rhythm_days is (select min(rhythm_days) from covered)
            """,
            (system,),
        ).fetchone()
        return date.fromisoformat(row[0]) if row[0] else None

    def newest_day(self, system: str) -> date | None:
        """The newest day that a delivery of the system declares covered."""
        row = self._connection.execute(
            "select max(covers_on) from files join deliveries using (file_id) where system = ?",
            (system,),
        ).fetchone()
        return date.fromisoformat(row[0]) if row[0] else None

    def _note(self, location: Path, seen: Iterable[Seen]) -> None:
        self._connection.executemany(
            "insert or replace into seen values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(str(location), *astuple(one)) for one in seen],
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")


def _landed_file(row: tuple) -> LandedFile:
    values = dict(zip([*_FILE_COLUMNS.split(", "), "file_id"], row, strict=True))
    values["header"] = tuple(json.loads(values["header"]))
    values["is_regular"] = bool(values["is_regular"])
    return LandedFile(**values)


def exists(home: Home) -> bool:
    return (home.landing / "manifest.sqlite").is_file()


@contextmanager
def opened(home: Home) -> Iterator[Manifest]:
    """The manifest of a home, made where there is none. Raises ThermoclineError if it's broken."""
    path = home.landing / "manifest.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.executescript(_TABLES)
            yield Manifest(connection)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise ThermoclineError(
            f"{path}: the manifest can't be used ({error}); restore it, or remove landing/ and "
            "the warehouse and land all exports again"
        ) from error
