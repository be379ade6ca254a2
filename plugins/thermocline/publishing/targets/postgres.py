"""The PostgreSQL target: versioned tables in a schema of its own, stable views for BI.

    reporting_store.account_segments__2026_06_30_0001      see `postgres_store`
    reporting.account_segments                             a view that reads it, with its owner's rights

All views are led to another publication in one transaction, `publication` among them, so a query
sees the old tables or the new ones. Role `reporting_reader` may select from the views.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from thermocline import warehouse
from thermocline.candidates import contract, hashing
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.hashing import TableHash
from thermocline.home import Home
from thermocline.publishing.targets import Edition, Progress, TargetFailed, stamped
from thermocline.publishing.targets.months import months
from thermocline.publishing.targets.postgres_copy import copy_in, copy_out, declared
from thermocline.publishing.targets.postgres_session import Session, parameters, session
from thermocline.publishing.targets.postgres_store import LOCK_MILLISECONDS, Store, Stored, relation_name
from thermocline.publishing.targets.postgres_views import lead, led_to, rows
from thermocline.sql import quoted

KEY = "account_id"
"""The column that BI looks rows up by."""


class Postgres:
    """Publications in one database, reached by an Airflow connection."""

    is_exact = True

    patience_seconds = 60.0
    """How long a switch goes on trying while queries hold a view."""

    def __init__(
        self,
        home: Home,
        name: str,
        connection_id: str,
        schema: str = contract.REPORTING_SCHEMA,
        role: str | None = None,
    ) -> None:
        self.home = home
        self.name = name
        self.connection_id = connection_id
        self.store = Store(schema, role or f"{schema}_reader")

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        with self._session() as opened, self._reading() as (connection, _):
            self.store.prepare(opened)
            with opened.transaction():
                stored: dict[str, Stored] = {}
                for name in edition.tables:
                    stored[name] = (
                        self._write_months(opened, connection, edition.tables[name])
                        if name in contract.MONTHLY
                        else self._write_table(opened, connection, edition, name)
                    )
                    progress(f"copied {name}")
                stored.update(self._write_own(opened, connection, edition))
                self.store.enter(opened, edition.publication_id, stored)
                progress("written")

    def switch_to(self, publication_id: str) -> None:
        retrying = Retrying(
            retry=retry_if_exception(_is_blocked_by_readers),
            wait=wait_exponential(multiplier=0.1, max=2),
            stop=stop_after_delay(self.patience_seconds),
            reraise=True,
        )
        try:
            retrying(self._switch_to, publication_id)
        except TargetFailed as error:
            if not _is_blocked_by_readers(error):
                raise
            raise TargetFailed(
                f"a view of schema {self.store.schema} was in use for {self.patience_seconds:.0f} s"
                f"{self._holder()}: let that query end, or end it"
            ) from error

    def _switch_to(self, publication_id: str) -> None:
        with self._session() as opened:
            self.store.prepare(opened)
            with opened.transaction():
                lead(opened, self.store, self._stored(opened, publication_id), LOCK_MILLISECONDS)

    def keep_only(self, publication_ids: Collection[str]) -> None:
        with self._session() as opened:
            if self.store.exists(opened):
                self.store.forget_others(opened, publication_ids)

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        with self._session() as opened:
            self.store.prepare(opened)
            self.store.put_head(opened, seq, entry_hash)

    def anchored(self) -> tuple[int, str] | None:
        with self._session() as opened:
            return self.store.head(opened)

    def current(self) -> str | None:
        with self._session() as opened:
            return led_to(opened, self.store)

    def kept(self) -> list[str]:
        with self._session() as opened:
            return sorted(self.store.publications(opened))

    def files(self, publication_id: str) -> dict[str, str]:  # noqa: ARG002
        return {}

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:
        with self._session() as opened:
            return {
                name: dict(stored.columns) for name, stored in self._stored(opened, publication_id).items()
            }

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:
        with self._session() as opened, self._reading() as (connection, file):
            is_current = led_to(opened, self.store) == publication_id
            held: dict[str, TableHash] = {}
            for name, stored in sorted(self._stored(opened, publication_id).items()):
                if only is None or name in only:
                    # What readers see where they see it, so that a changed view is noticed too.
                    query = (
                        sql.SQL("select * from {}").format(self.store.view(name))
                        if is_current
                        else rows(self.store, stored)
                    )
                    relation = copy_out(opened, query, stored.columns, connection, file)
                    held[name] = hashing.hash_table(
                        connection, relation, publication_id, contract.MONTHLY.get(name)
                    )
            return held

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        columns = list(contract.PUBLICATION_COLUMNS)
        with self._session() as opened:
            stored = self._stored(opened, publication_id)[contract.PUBLICATION]
            query = sql.SQL("{} order by {}").format(
                rows(self.store, stored, columns), sql.Identifier(contract.PUBLICATION_ID)
            )
            found = opened.execute(query).fetchall()
        return [dict(zip(columns, row, strict=True)) for row in found]

    def _write_table(
        self, opened: Session, connection: duckdb.DuckDBPyConnection, edition: Edition, name: str
    ) -> Stored:
        columns = edition.tables[name].columns
        relation = self._create(opened, name, columns, edition.publication_id)
        copied = copy_in(opened, self.store.relation(relation), connection, stamped.query(edition, name))
        stamped.check_count(edition, name, copied)
        self._finish(opened, relation, columns)
        return Stored(columns, [relation])

    def _write_months(
        self, opened: Session, connection: duckdb.DuckDBPyConnection, frozen: FrozenTable
    ) -> Stored:
        """Write the months whose rows no earlier publication has."""
        there, named = self.store.relations(opened), []
        for month in months(frozen):
            relation = relation_name(frozen.name, f"{month.month}_{month.digest[:16]}".replace("-", "_"))
            named.append(relation)
            if relation in there:
                continue
            table = self.store.relation(relation)
            opened.execute(sql.SQL("create table {} ({})").format(table, declared(frozen.columns)))
            copied = copy_in(opened, table, connection, f"from {month.relation}")
            if copied != month.rows:
                raise TargetFailed(f"{copied} of {month.rows} rows of {frozen.name}, {month.month} arrived")
            if month.first:
                opened.execute(
                    sql.SQL("alter table {} add check ({day} >= {} and {day} < {})").format(
                        table, month.first, month.last, day=sql.Identifier(contract.MONTHLY[frozen.name])
                    )
                )
            self._finish(opened, relation, frozen.columns)
        return Stored(frozen.columns, named)

    def _write_own(
        self, opened: Session, connection: duckdb.DuckDBPyConnection, edition: Edition
    ) -> Iterator[tuple[str, Stored]]:
        for name, (columns, made) in stamped.own_tables(edition).items():
            stamped.fill(connection, quoted(name), columns, made)
            typed = hashing.columns_of(connection, quoted(name))
            relation = self._create(opened, name, typed, edition.publication_id)
            copy_in(opened, self.store.relation(relation), connection, f"from {quoted(name)}")
            yield name, Stored(typed, [relation])

    def _create(self, opened: Session, name: str, columns: Mapping[str, str], publication_id: str) -> str:
        """Create a table under a new name: an earlier attempt's may still be read through a view."""
        there, suffix, attempt = self.store.relations(opened), publication_id.replace("-", "_"), 1
        while (relation := relation_name(name, suffix)) in there:
            attempt += 1
            suffix = f"{publication_id.replace('-', '_')}_{attempt}"
        opened.execute(
            sql.SQL("create table {} ({})").format(self.store.relation(relation), declared(columns))
        )
        return relation

    def _finish(self, opened: Session, relation: str, columns: Mapping[str, str]) -> None:
        table = self.store.relation(relation)
        if KEY in columns:
            opened.execute(sql.SQL("create index on {} ({})").format(table, sql.Identifier(KEY)))
        opened.execute(sql.SQL("analyze {}").format(table))

    def _stored(self, opened: Session, publication_id: str) -> dict[str, Stored]:
        held = self.store.publications(opened).get(publication_id)
        if held is None:
            raise TargetFailed(f"publication {publication_id} isn't whole in schema {self.store.name}")
        return held

    def _holder(self) -> str:
        """Return which sessions read the views at this moment, for a message."""
        with self._session() as opened:
            found = opened.execute(
                "select pid, usename from pg_locks join pg_stat_activity using (pid) "
                "join pg_class on pg_class.oid = relation "
                "join pg_namespace on pg_namespace.oid = relnamespace "
                "where nspname = %s and granted and pid <> pg_backend_pid() order by query_start limit 1",
                [self.store.schema],
            ).fetchone()
        return f" by process {found[0]} of user {found[1]}" if found else ""

    def _session(self) -> AbstractContextManager[Session]:
        return session(self.connection_id, self._parameters)

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        """Return the connection's parameters, read once: each read makes Airflow mask the secret again."""
        return parameters(self.home, self.connection_id)

    @contextmanager
    def _reading(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """Open a DuckDB connection and a file that is removed afterwards."""
        with (
            tempfile.TemporaryDirectory(dir=self.home.scratch) as folder,
            closing(warehouse.connect(self.home, Path(":memory:"))) as connection,
        ):
            yield connection, Path(folder) / "rows.csv"


def _is_blocked_by_readers(error: BaseException) -> bool:
    """Return whether a switch failed because readers lock a view at this moment."""
    return isinstance(error, TargetFailed) and isinstance(
        error.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected
    )
