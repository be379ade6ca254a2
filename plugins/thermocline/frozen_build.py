"""Which candidate holds the tables as a finished build left them: they needn't be frozen a second time."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from thermocline import __version__, durable
from thermocline.candidate import Candidate
from thermocline.errors import ThermoclineError
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
    """A candidate, and by table the query whose rows it holds."""

    candidate: Candidate
    queries: Mapping[str, str]

    def link(self, name: str, query: str, folder: Path, rows: int) -> FrozenTable | None:
        """The table's files, linked into `folder`; None unless they hold that query's rows and are intact."""
        table = self.candidate.tables.get(name)
        if table is None or self.queries.get(name) != query or table.rows != rows:
            return None
        linked = {
            part: replace(file, path=folder / file.path.relative_to(self.candidate.folder))
            for part, file in table.parts.items()
        }
        try:
            if any(durable.file_hash(file.path) != file.sha256 for file in table.parts.values()):
                return None
            for part, file in linked.items():
                file.path.parent.mkdir(exist_ok=True)
                os.link(table.parts[part].path, file.path)
        except OSError:
            # A file that is gone, or a filesystem without links.
            shutil.rmtree(folder / name, ignore_errors=True)
            return None
        for place in {file.path.parent for file in linked.values()}:
            durable.sync(place)
        return replace(table, parts=linked)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of it, so that the columns kept for auditors are the same after a first build."""
    connection.execute(_STATE)


def of(home: Home, connection: duckdb.DuckDBPyConnection, fingerprint: str) -> FrozenBuild | None:
    """What was frozen of the build with this fingerprint, if it still is there."""
    connection.execute(_STATE)
    rows = connection.execute(
        "select content_hash, table_name, query from config.frozen where build = ?", [_build(fingerprint)]
    ).fetchall()
    if not rows:
        return None
    try:
        candidate = Candidate.read(home, rows[0][0])
    except ThermoclineError:
        return None
    return FrozenBuild(candidate, {name: query for _, name, query in rows})


def note(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, content_hash: str, queries: Mapping[str, str]
) -> None:
    """Remember that the candidate holds what these queries gave after the build with this fingerprint."""
    connection.execute(_STATE)
    connection.execute("begin")
    connection.execute("delete from config.frozen")
    connection.execute(
        "insert into config.frozen select ?, ?, unnest(?::varchar[]), unnest(?::varchar[])",
        [_build(fingerprint), content_hash, list(queries), list(queries.values())],
    )
    connection.execute("commit")


def _build(fingerprint: str) -> str:
    """Another release may freeze otherwise."""
    return f"{__version__} {fingerprint}"
