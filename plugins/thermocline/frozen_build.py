"""Which candidate holds the tables as a finished build left them: they needn't be frozen a second time."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from thermocline import __version__, durable, frozen_notes
from thermocline.candidate import Candidate
from thermocline.contract import KEYS
from thermocline.errors import ThermoclineError
from thermocline.frozen_notes import Noted
from thermocline.frozen_table import FrozenTable
from thermocline.home import Home

_STATE = """
create schema if not exists config;
create table if not exists config.frozen (
    build varchar, content_hash varchar, table_name varchar, query varchar
)
"""


@dataclass(frozen=True)
class FrozenBuild:
    """A build, its candidate, and by table the query whose rows it holds."""

    build: str
    candidate: Candidate
    queries: Mapping[str, str]

    def link(self, name: str, query: str, folder: Path, rows: int) -> FrozenTable | None:
        """The table's files, linked into `folder`; None unless they hold that query's rows and are intact."""
        table = self.candidate.tables.get(name)
        if table is None or self.queries.get(name) != query or table.rows != rows:
            return None
        parts = {
            part: held.linked(folder / held.path.relative_to(self.candidate.folder))
            for part, held in table.parts.items()
        }
        linked = {part: held for part, held in parts.items() if held}
        if linked.keys() != parts.keys():
            for held in linked.values():
                for file in held.files:
                    file.path.unlink()
            shutil.rmtree(folder / name, ignore_errors=True)
            return None
        for place in {held.path.parent for held in linked.values()}:
            durable.sync(place)
        return replace(table, parts=linked)

    def noted(
        self, connection: duckdb.DuckDBPyConnection, name: str, query: str, changes: str
    ) -> Noted | None:
        """The table as it was frozen, and what models noted since; None unless that is all there is."""
        table = self.candidate.tables.get(name)
        if table is None or self.queries.get(name) != query:
            return None
        if name not in KEYS or not frozen_notes.are_since(connection, name, self.candidate.digest):
            return None
        return Noted(table, changes)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of it, so that the columns kept for auditors are the same after a first build."""
    connection.execute(_STATE)


def of(home: Home, connection: duckdb.DuckDBPyConnection, fingerprint: str) -> FrozenBuild | None:
    """What was frozen of the build with this fingerprint, if it still is there."""
    frozen = last(home, connection)
    return frozen if frozen and frozen.build == _build(fingerprint, frozen.candidate.digest) else None


def last(home: Home, connection: duckdb.DuckDBPyConnection) -> FrozenBuild | None:
    """What was frozen last of a build that finished, by this release, if it still is there."""
    connection.execute(_STATE)
    rows = connection.execute("select build, content_hash, table_name, query from config.frozen").fetchall()
    if not rows or not rows[0][0].startswith(f"{__version__} "):
        return None
    try:
        candidate = Candidate.read(home, rows[0][1])
    except ThermoclineError:
        return None
    return FrozenBuild(rows[0][0], candidate, {name: query for _, _, name, query in rows})


def note(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, candidate: Candidate, queries: Mapping[str, str]
) -> None:
    """Remember that the candidate holds what these queries gave after the build with this fingerprint."""
    connection.execute(_STATE)
    connection.execute("begin")
    connection.execute("delete from config.frozen")
    connection.execute(
        "insert into config.frozen select ?, ?, unnest(?::varchar[]), unnest(?::varchar[])",
        [
            _build(fingerprint, candidate.digest),
            candidate.content_hash,
            list(queries),
            list(queries.values()),
        ],
    )
    frozen_notes.mark(connection, candidate.digest)
    connection.execute("commit")


def _build(fingerprint: str, digest: str) -> str:
    """The release, since another may freeze otherwise, what was built, and the digest of its candidate.

    A build that failed may have put another one in its place, of the same content hash.
    """
    return f"{__version__} {fingerprint} {digest}"
