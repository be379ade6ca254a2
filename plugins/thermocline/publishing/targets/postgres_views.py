"""Views that BI reads: switched to a publication all at once."""

from collections.abc import Iterable, Mapping

from psycopg import sql

from thermocline.publishing.targets.postgres_copy import column_type
from thermocline.publishing.targets.postgres_session import Session
from thermocline.publishing.targets.postgres_store import Store, Stored

_SPELLED = {"timestamp": "timestamp without time zone"}
_VIEWS = """
select views.relname, array_remove(array_agg(distinct tables.relname::text), null)
from pg_class as views
join pg_namespace as schemas on schemas.oid = views.relnamespace
join pg_rewrite as rules on rules.ev_class = views.oid
left join pg_depend as uses
    on uses.objid = rules.oid
    and uses.classid = 'pg_rewrite'::regclass
    and uses.refclassid = 'pg_class'::regclass
    and uses.refobjid <> views.oid
left join pg_class as tables on tables.oid = uses.refobjid
where schemas.nspname = %s and views.relkind = 'v'
group by views.relname
"""
_COLUMNS = """
select attname, format_type(atttypid, atttypmod)
from pg_attribute
join pg_class on pg_class.oid = attrelid
join pg_namespace on pg_namespace.oid = relnamespace
where nspname = %s and relname = %s and attnum > 0 and not attisdropped
order by attnum
"""


def led_to(session: Session, store: Store) -> str | None:
    """Return the kept publication that all views read; None if no publication has all of them."""
    views = {name: set(relations) for name, relations in session.execute(_VIEWS, [store.schema]).fetchall()}
    for publication_id, tables in store.publications(session).items():
        if all(views.get(name) == set(stored.relations) for name, stored in tables.items()):
            return publication_id
    return None


def lead(session: Session, store: Store, tables: Mapping[str, Stored], lock_milliseconds: int) -> None:
    """Switch all views to these tables, within the caller's transaction.

    A switch that waits for a view makes the next readers wait as well, hence the short time limit: the caller
    retries. Raise psycopg.errors.LockNotAvailable.
    """
    session.execute(sql.SQL("set local lock_timeout = {}").format(lock_milliseconds))
    known = {name for held in store.publications(session).values() for name in held}
    there = {name for name, _ in session.execute(_VIEWS, [store.schema]).fetchall()}
    for name in sorted(known & there - set(tables)):
        session.execute(sql.SQL("drop view {}").format(store.view(name)))
    for name in sorted(tables):
        columns = {column: _spelled(kind) for column, kind in tables[name].columns.items()}
        seen: dict[str, str] = {}
        if name in there:
            seen = dict(session.execute(_COLUMNS, [store.schema, name]).fetchall())
        if any(columns.get(column) != kind for column, kind in seen.items()):
            session.execute(sql.SQL("drop view {}").format(store.view(name)))
            seen = {}
        # A view can only grow at its end, and BI tools like a column to stay where it was.
        ordered = {**seen, **columns}
        session.execute(
            sql.SQL("create or replace view {} as {}").format(
                store.view(name), rows(store, tables[name], ordered)
            )
        )
        if not seen:
            session.execute(
                sql.SQL("grant select on {} to {}").format(store.view(name), sql.Identifier(store.role))
            )


def rows(store: Store, stored: Stored, columns: Iterable[str] | None = None) -> sql.Composed:
    """Return a query of all rows of a stored table."""
    names = list(columns or stored.columns)
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    if not stored.relations:
        typed = sql.SQL(", ").join(
            sql.SQL("null::{} as {}").format(sql.SQL(column_type(stored.columns[name])), sql.Identifier(name))
            for name in names
        )
        return sql.SQL("select {} where false").format(typed)
    return sql.SQL(" union all ").join(
        sql.SQL("select {} from {}").format(listed, store.relation(relation)) for relation in stored.relations
    )


def _spelled(kind: str) -> str:
    named = column_type(kind)
    return _SPELLED.get(named, named)
