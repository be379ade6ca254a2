"""Each cell that somebody changes in PostgreSQL is found by `verify`, with its table and target."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_company import FULL, run
from postgres_server import Database, Server
from psycopg import sql
from thermocline.audit.verification import verify
from thermocline.home import Home

CHANGED = {
    "text": "coalesce({0}, '') || 'x'",
    "bool": "not coalesce({0}, false)",
    "date": "coalesce({0}, '2001-01-01') + 1",
    "timestamp": "coalesce({0}, '2001-01-01') + interval '1 microsecond'",
    "numeric": "coalesce({0}, 0) + 0.0001",
    "int4": "coalesce({0}, 0) + 1",
    "int8": "coalesce({0}, 0) + 1",
}
"""The least change of a value, by type."""


@dataclass(frozen=True)
class Cell:
    """One value of one stored table."""

    relation: str
    column: str
    kind: str

    @property
    def table(self) -> str:
        return self.relation.split("__")[0]


@dataclass(frozen=True)
class Published:
    home: Home
    session: psycopg.Connection[tuple[Any, ...]]
    cells: list[Cell]


@pytest.fixture(scope="module")
def published(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A publication with all columns of the contract."""
    database: Database = server.database()
    home = Home(tmp_path_factory.mktemp("cells") / "home").prepare()
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - kind: postgres\n    connection: bi\n"
    )
    with pytest.MonkeyPatch.context() as patched, closing(database.connect()) as session:
        patched.setenv("AIRFLOW_CONN_BI", database.uri)
        run(home, marts=FULL)
        found = session.execute(
            "select relname, attname, typname from pg_attribute "
            "join pg_class on pg_class.oid = attrelid join pg_type on pg_type.oid = atttypid "
            "where relnamespace = 'reporting_store'::regnamespace and relkind = 'r' and attnum > 0 "
            "and relname not in ('publications', 'head') order by 1, 2"
        ).fetchall()
        counted = {
            relation: session.execute(
                sql.SQL("select count(*) from {}").format(sql.Identifier("reporting_store", relation))
            ).fetchone()
            for relation in {relation for relation, _, _ in found}
        }
        yield Published(home, session, [Cell(*cell) for cell in found if counted[cell[0]] != (0,)])


def change(published: Published, cell: Cell, chosen: int) -> tuple[str, str | None]:
    """Change the value in one row; where that row is now, and what it was."""
    relation, column = sql.Identifier("reporting_store", cell.relation), sql.Identifier(cell.column)
    rows = published.session.execute(
        sql.SQL("select ctid::text, {}::text from {} order by 1").format(column, relation)
    ).fetchall()
    place, before = rows[chosen % len(rows)]
    moved = published.session.execute(
        sql.SQL("update {} set {} = {} where ctid = %s::tid returning ctid::text").format(
            relation, column, sql.SQL(CHANGED[cell.kind]).format(column)
        ),
        [place],
    ).fetchall()
    return moved[0][0], before


def test_every_type_has_a_least_change(published: Published) -> None:
    assert {cell.kind for cell in published.cells} <= set(CHANGED)
    assert {cell.table for cell in published.cells} >= {"account_segments", "account_timeline", "publication"}


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=st.data())
def test_every_changed_cell_is_found(published: Published, drawn: st.DataObject) -> None:
    cell = drawn.draw(st.sampled_from(published.cells))
    place, before = change(published, cell, drawn.draw(st.integers(0, 20)))
    report = verify(published.home)
    published.session.execute(
        sql.SQL("update {} set {} = {} where ctid = %s::tid").format(
            sql.Identifier("reporting_store", cell.relation),
            sql.Identifier(cell.column),
            sql.SQL("%s::{}").format(sql.Identifier(cell.kind)),
        ),
        [before, place],
    )
    assert report.exit_code in (3, 4, 5), cell
    if cell.table != "publication":
        assert report.exit_code == 3, cell
        told = report.lines()
        assert any(cell.table in line and "target postgres" in line for line in told), (cell, told)


def test_after_that_all_is_as_it_was(published: Published) -> None:
    assert verify(published.home).lines()[0].startswith("intact")
