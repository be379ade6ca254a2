"""The manifest: landed files, the paths under which they were delivered, and all paths seen.

A SQLite database, because both extract tasks and a manual run may write at the same time.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, date, datetime

from thermocline.errors import ThermoclineError, WarehouseBusy
from thermocline.home import Home
from thermocline.landing.seen import Seen, names_of, seen_of
from thermocline.locks import opened_by

BUSY_SECONDS = 60

_TABLES = """
create table if not exists files (
    file_id integer primary key,
    source text not null, system text not null, mapping text not null, feed text not null,
    sha256 text not null, content_sha256 text not null, landed_as text not null,
    bytes integer not null, mtime_ns integer not null, compression text not null,
    encoding text not null, delimiter text not null, header text not null,
    records integer not null, blank_lines integer not null, is_regular integer not null,
    mode text not null, expected_every_days integer, empty_delivery text not null,
    format text not null, member text not null, part text not null,
    landed_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (source, content_sha256, part, empty_delivery)
);
create table if not exists deliveries (
    file_id integer not null references files, source_file text not null,
    delivery_key text not null, covers_on text, location text not null, path text not null,
    landed_in integer not null default 0, stated_at text not null default '',
    primary key (file_id, source_file)
);
create table if not exists shared (
    file_id integer primary key, of_file integer not null references files, feed text not null,
    place text not null, unique (of_file, feed, place)
);
create table if not exists seen (
    location text not null, path text not null, size integer not null, mtime_ns integer not null,
    version text not null, systems text not null, landed text not null, note text,
    noted_by text not null, digest text not null,
    primary key (location, path)
);
"""


# A manifest of an earlier version has no landings: files landed within one minute count as one landing.
_LANDINGS = """
alter table deliveries add column landed_in integer not null default 0;
alter table deliveries add column stated_at text not null default '';
update deliveries set stated_at = (select landed_at from files where files.file_id = deliveries.file_id);
update deliveries set landed_in = (
    select count(distinct substr(landed_at, 1, 16)) from files
    where substr(landed_at, 1, 16) <= substr(stated_at, 1, 16)
);
"""

_KEYS = """
alter table files rename column extent to mode;
alter table files rename column rhythm_days to expected_every_days;
update files set mode = case mode when 'full' then 'snapshot' else 'delta' end;
"""
# Each upgrade is due where its table lacks the column.
_UPGRADES = (("deliveries", "landed_in", _LANDINGS), ("files", "mode", _KEYS))

Identity = tuple[str, str, str, str]
# A landed file that becomes several feeds has further ids, above those of all files.
SHARED_FROM = 1 << 30


@dataclass(frozen=True)
class LandedFile:
    """A file of the landing, described as of its landing.

    It is one table of what was delivered: `member` is its file's name in an archive, `part` its
    sheet in a workbook or the path of its records in a JSON document, else empty. `sha256` is of
    the delivered bytes, `content_sha256` of the unpacked ones. `landed_as` is their path below the
    landing. `records` counts its records, the header not among them. `empty_delivery` is the
    delivery key of a file without records, else empty: files with equal content are one, but each empty
    delivery states that its day is covered.
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
    mode: str
    expected_every_days: int | None
    empty_delivery: str
    format: str = "delimited"
    member: str = ""
    part: str = ""
    file_id: int = 0

    @property
    def identity(self) -> "Identity":
        return self.source, self.content_sha256, self.part, self.empty_delivery


Landed = tuple[LandedFile, str, str, date | None]
"""A landed table with its path, delivery key and covered day."""


@dataclass(frozen=True)
class Delivery:
    """One path under which a landed file was delivered: its delivery key and the day that it covers.

    `path` is the delivered file's, `source_file` that of the table in it. `stated_at` is when (UTC) this
    home saw the path's content change to this one, `landed_in` the number of that landing: numbers grow
    with time.
    """

    file_id: int
    source_file: str
    delivery_key: str
    covers_on: date | None
    path: str
    landed_in: int = 0
    stated_at: datetime | None = None


_FILE_COLUMNS = ", ".join(field.name for field in fields(LandedFile) if field.name != "file_id")
_MARKS = ", ".join("?" * (len(fields(LandedFile)) - 1))


class Manifest:
    """The manifest of a home. Every method is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._landing: int | None = None

    def seen(self, location: str) -> dict[str, Seen]:
        rows = self._connection.execute(
            "select path, size, mtime_ns, version, systems, landed, note, noted_by, digest "
            "from seen where location = ?",
            (location,),
        )
        return {row[0]: seen_of(row) for row in rows}

    def contents(self, but: Collection[str] = ()) -> set[Identity]:
        """Return the identities of all landed files, except those landed as one of `but`."""
        rows = self._connection.execute(
            "select source, content_sha256, part, empty_delivery, landed_as from files"
        )
        return {tuple(row[:4]) for row in rows if row[4] not in but}

    def add(self, location: str, taken: Collection[tuple[Seen, list[Landed]]]) -> list[LandedFile]:
        """Record the outcomes of paths and the tables landed from them; return the new tables."""
        new = []
        with self._transaction():
            landed = [(seen, *one) for seen, tables in taken for one in tables]
            for seen, file, source_file, key, covers_on in landed:
                values = [*astuple(file)[:-1]]
                values[12] = json.dumps(file.header)
                cursor = self._connection.execute(
                    f"insert or ignore into files ({_FILE_COLUMNS}) values ({_MARKS})", values
                )
                if cursor.rowcount:
                    new.append(file)
                self._deliver(location, seen.path, file, source_file, key, covers_on)
            self._note(location, [seen for seen, _ in taken])
        return new

    def _deliver(
        self, location: str, path: str, file: LandedFile, source_file: str, key: str, covers_on: date | None
    ) -> None:
        """Record a path of a file; a path with unchanged content keeps its place in the order."""
        (file_id,) = self._connection.execute(
            "select file_id from files "
            "where source = ? and content_sha256 = ? and part = ? and empty_delivery = ?",
            file.identity,
        ).fetchone()
        before = self._connection.execute(
            "select file_id, landed_in, stated_at from deliveries join files using (file_id) "
            "where source_file = ? and source = ? "
            "order by location = ? desc, landed_in desc, stated_at desc limit 1",
            (source_file, file.source, location),
        ).fetchone()
        if before and before[0] == file_id:
            statement = before[1:]
        else:
            statement = self._this_landing(), datetime.now(UTC).isoformat(timespec="milliseconds")
        self._connection.execute(
            "insert or replace into deliveries "
            "(file_id, source_file, delivery_key, covers_on, location, path, landed_in, stated_at) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            (file_id, source_file, key, covers_on and covers_on.isoformat(), location, path, *statement),
        )

    def _this_landing(self) -> int:
        """Return the number of the landing that this manifest was opened for; call it in a transaction."""
        if self._landing is None:
            (last,) = self._connection.execute("select max(landed_in) from deliveries").fetchone()
            self._landing = (last or 0) + 1
        return self._landing

    def paths_of(self, location: str, landed_as: Iterable[str]) -> set[str]:
        """Return the paths of a location under which these landed files were delivered."""
        return {
            path
            for name in landed_as
            for (path,) in self._connection.execute(
                "select path from deliveries join files using (file_id) where location = ? and landed_as = ?",
                (location, name),
            )
        }

    def landed_as(self) -> set[str]:
        """Return the paths, below the landing, of all landed files."""
        return {name for (name,) in self._connection.execute("select distinct landed_as from files")}

    def files(self) -> list[LandedFile]:
        """Return all landed files, in the order of their ids."""
        rows = self._connection.execute(f"select {_FILE_COLUMNS}, file_id from files order by file_id")
        return [_landed_file(row) for row in rows]

    def shared(self) -> dict[tuple[int, str, str], int]:
        """Return the further ids of landed files, by file, feed, and path if the feed reads it (else '')."""
        rows = self._connection.execute("select of_file, feed, place, file_id from shared")
        return {(of_file, feed, place): file_id for of_file, feed, place, file_id in rows}

    def share(self, wanted: Collection[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
        """Return the same after adding the missing ones of `wanted`."""
        known = self.shared()
        if known.keys() >= set(wanted):
            return known
        with self._transaction():
            for of_file, feed, place in wanted:
                self._connection.execute(
                    "insert or ignore into shared select coalesce(max(file_id) + 1, ?), ?, ?, ? from shared",
                    (SHARED_FROM, of_file, feed, place),
                )
        return self.shared()

    def landed_at(self) -> list[tuple[LandedFile, datetime]]:
        """Return all landed files, under all their ids, with the time (UTC) at which they landed."""
        rows = self._connection.execute(f"select {_FILE_COLUMNS}, file_id, landed_at from files").fetchall()
        landed = {row[-2]: (_landed_file(row[:-1]), datetime.fromisoformat(row[-1])) for row in rows}
        found = list(landed.values())
        for (of_file, feed, place), file_id in self.shared().items():
            file, at = landed[of_file]
            found.append((replace(file, feed=feed, file_id=file_id), at))
            # A feed that reads the path is loaded under this id only.
            if place and landed[of_file] in found:
                found.remove(landed[of_file])
        return found

    def deliveries(self) -> list[Delivery]:
        """Return every path under which a file was delivered, ordered by file, delivery key and path."""
        rows = self._connection.execute(
            "select file_id, source_file, delivery_key, covers_on, path, landed_in, stated_at "
            "from deliveries order by file_id, delivery_key, source_file"
        )
        return [
            Delivery(
                file_id,
                source_file,
                key,
                date.fromisoformat(day) if day else None,
                path,
                landed_in,
                datetime.fromisoformat(stated_at),
            )
            for file_id, source_file, key, day, path, landed_in, stated_at in rows
        ]

    def _note(self, location: str, seen: Iterable[Seen]) -> None:
        for one in seen:
            before = self._connection.execute(
                "select landed from seen where location = ? and path = ? and size = ? and mtime_ns = ? "
                "and version = ? and digest = ?",
                (location, one.path, one.size, one.mtime_ns, one.version, one.digest),
            ).fetchone()
            landed = one.landed | names_of(before[0] if before else "")
            self._connection.execute(
                "insert or replace into seen values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    location,
                    one.path,
                    one.size,
                    one.mtime_ns,
                    one.version,
                    ",".join(sorted(one.systems)),
                    ",".join(sorted(landed)),
                    one.note,
                    one.noted_by,
                    one.digest,
                ),
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


def _upgrade(connection: sqlite3.Connection) -> None:
    """Migrate a manifest of an earlier version."""
    for table, column, statements in _UPGRADES:
        if _has_column(connection, table, column):
            continue
        connection.execute("begin immediate")
        if not _has_column(connection, table, column):
            for statement in statements.strip().rstrip(";").split(";"):
                connection.execute(statement)
        connection.execute("commit")


def _has_column(connection: sqlite3.Connection, table: str, column: str) -> bool:
    columns = connection.execute("select name from pragma_table_info(?)", (table,)).fetchall()
    return (column,) in columns


def exists(home: Home) -> bool:
    return (home.landing / "manifest.sqlite").is_file()


@contextmanager
def opened(home: Home) -> Iterator[Manifest]:
    """Open the manifest of a home, and create it if there is none.

    Raise WarehouseBusy if another process has locked it, ThermoclineError if it's broken.
    """
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
            _upgrade(connection)
            yield Manifest(connection)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise WarehouseBusy(
                f"{path} is locked by {opened_by(path)}: wait until that ends, or stop it, then run again"
            ) from error
        raise ThermoclineError(
            f"{path}: the manifest can't be used ({error}); restore it, or remove landing/ and "
            "the warehouse and land all exports again"
        ) from error
