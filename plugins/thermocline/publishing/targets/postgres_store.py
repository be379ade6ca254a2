"""What a PostgreSQL target keeps where BI doesn't look: schema `<schema>_store`.

    head                                seq and hash of the ledger's last entry, one row
    publications                        the tables of each: columns (DuckDB types) and relations
    <table>__<publication>              a table of one publication
    <table>__<month>_<first of hash>    a month of an event-grained table, shared by publications

A month's CHECK constraint lets the planner skip it where a query asks for other months.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from thermocline.candidates import contract
from thermocline.errors import LedgerChanged
from thermocline.publishing.targets import TargetFailed
from thermocline.publishing.targets.postgres_session import Session

NAME_LENGTH = 63
LOCK_MILLISECONDS = 300


@dataclass(frozen=True)
class Stored:
    """A table of a publication: its columns with DuckDB types, and the relations that hold its rows."""

    columns: Mapping[str, str]
    relations: list[str]


class Store:
    """The schemas of one target; every method takes the session in which it works."""

    def __init__(self, schema: str, role: str) -> None:
        self.schema = schema
        self.name = f"{schema}_store"
        self.role = role

    def relation(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.name, name)

    def view(self, table: str) -> sql.Identifier:
        return sql.Identifier(self.schema, table)

    def exists(self, session: Session) -> bool:
        found = session.execute("select to_regclass(%s)", [f'"{self.name}".publications']).fetchone()
        return found is not None and found[0] is not None

    def prepare(self, session: Session) -> None:
        """Create the schemas, the catalogue and the role where they don't exist yet."""
        with session.transaction():
            for schema in (self.schema, self.name):
                if not _any(session, "select 1 from pg_namespace where nspname = %s", schema):
                    session.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
            self._prepare_role(session)
            session.execute(
                sql.SQL(
                    "create table if not exists {} (publication_id text primary key, tables jsonb not null)"
                ).format(self.relation("publications"))
            )
            session.execute(
                sql.SQL(
                    "create table if not exists {} "
                    "(is_head boolean primary key default true check (is_head), "
                    "seq bigint not null, hash text not null)"
                ).format(self.relation("head"))
            )

    def _prepare_role(self, session: Session) -> None:
        if not _any(session, "select 1 from pg_roles where rolname = %s", self.role):
            try:
                with session.transaction():
                    session.execute(sql.SQL("create role {} nologin").format(sql.Identifier(self.role)))
            except psycopg.errors.InsufficientPrivilege as error:
                raise TargetFailed(
                    f"role {self.role} isn't there, and this connection's user may not create it: "
                    f'have an administrator run: create role "{self.role}" nologin'
                ) from error
        session.execute(
            sql.SQL("grant usage on schema {} to {}").format(
                sql.Identifier(self.schema), sql.Identifier(self.role)
            )
        )
        session.execute(
            sql.SQL("revoke all on schema {} from public, {}").format(
                sql.Identifier(self.name), sql.Identifier(self.role)
            )
        )

    def head(self, session: Session) -> tuple[int, str] | None:
        if not self.exists(session):
            return None
        rows = session.execute(sql.SQL("select seq, hash from {}").format(self.relation("head"))).fetchall()
        if len(rows) > 1:
            raise LedgerChanged(f"{self.name}.head has {len(rows)} rows: restore it from a backup")
        return (int(rows[0][0]), str(rows[0][1])) if rows else None

    def put_head(self, session: Session, seq: int, entry_hash: str) -> None:
        session.execute(
            sql.SQL(
                "insert into {} (seq, hash) values (%s, %s) "
                "on conflict (is_head) do update set seq = excluded.seq, hash = excluded.hash"
            ).format(self.relation("head")),
            [seq, entry_hash],
        )

    def publications(self, session: Session) -> dict[str, dict[str, Stored]]:
        """Return the catalogue's tables by publication and name; complete publications only."""
        if not self.exists(session):
            return {}
        there = self.relations(session)
        rows = session.execute(
            sql.SQL("select publication_id, tables from {} order by publication_id").format(
                self.relation("publications")
            )
        ).fetchall()
        found = {name: tables for name, row in rows if (tables := _read(row))}
        return {
            name: tables
            for name, tables in found.items()
            if all(there.issuperset(stored.relations) for stored in tables.values())
        }

    def relations(self, session: Session) -> set[str]:
        """Return the tables of the store except the catalogue's."""
        rows = session.execute(
            "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname = %s and relkind = 'r'",
            [self.name],
        ).fetchall()
        return {name for (name,) in rows} - {"publications", "head"}

    def enter(self, session: Session, publication_id: str, tables: Mapping[str, Stored]) -> None:
        # Columns as pairs: jsonb doesn't keep the order of keys.
        entry = {
            name: {"columns": list(stored.columns.items()), "relations": stored.relations}
            for name, stored in tables.items()
        }
        session.execute(
            sql.SQL(
                "insert into {} values (%s, %s) "
                "on conflict (publication_id) do update set tables = excluded.tables"
            ).format(self.relation("publications")),
            [publication_id, json.dumps(entry)],
        )

    def forget_others(self, session: Session, publication_ids: Collection[str]) -> None:
        """Drop what no kept publication needs; what a reader still uses is dropped the next time."""
        session.execute(
            sql.SQL("delete from {} where not (publication_id = any(%s))").format(
                self.relation("publications")
            ),
            [list(publication_ids)],
        )
        needed = {
            relation
            for tables in self.publications(session).values()
            for stored in tables.values()
            for relation in stored.relations
        }
        session.execute(sql.SQL("set lock_timeout = {}").format(LOCK_MILLISECONDS))
        for relation in sorted(self.relations(session) - needed):
            try:
                session.execute(sql.SQL("drop table {}").format(self.relation(relation)))
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DependentObjectsStillExist):
                continue


def _read(row: Any) -> dict[str, Stored] | None:
    """Return the tables of a catalogue row; None where the row was changed and can't be parsed."""
    try:
        tables = {
            table: Stored(contract.columns_of(stored["columns"]), stored["relations"])
            for table, stored in row.items()
        }
        named = all(isinstance(name, str) for stored in tables.values() for name in stored.relations)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return tables if named else None


def _any(session: Session, query: str, *given: Any) -> bool:
    return session.execute(query, given).fetchone() is not None


def relation_name(table: str, suffix: str) -> str:
    """Return a name within PostgreSQL's length; `suffix` always remains whole."""
    return f"{table[: NAME_LENGTH - len(suffix) - 2]}__{suffix}"
