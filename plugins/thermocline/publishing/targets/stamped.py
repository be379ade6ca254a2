"""What a publication has beyond its candidate: its id in every row, and two tables of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from thermocline.candidates import contract
from thermocline.errors import ThermoclineError
from thermocline.publishing.targets import Edition
from thermocline.sql import literal, quoted


def query(edition: Edition, table: str) -> str:
    """Return SQL that reads a table of the candidate with this publication's id in its rows."""
    stamp = (
        f" replace ({literal(edition.publication_id)} as {contract.PUBLICATION_ID})"
        if contract.PUBLICATION_ID in edition.tables[table].columns
        else ""
    )
    return f"select *{stamp} from {edition.tables[table].relation}"


def check_count(edition: Edition, table: str, found: int) -> None:
    """Raise ThermoclineError where a table's row count differs from the candidate's."""
    frozen = edition.tables[table].rows
    if found != frozen:
        raise ThermoclineError(
            f"{table} has {frozen} rows in its candidate and {found} in publication "
            f"{edition.publication_id}: run again"
        )


def own_tables(edition: Edition) -> dict[str, tuple[Mapping[str, str], Sequence[Mapping[str, Any]]]]:
    """Return columns and rows of the tables that no candidate has."""
    return {
        contract.PUBLICATION: (contract.PUBLICATION_COLUMNS, edition.publication),
        contract.GATE_CHECKS: (contract.GATE_CHECKS_COLUMNS, edition.gate_checks),
    }


def fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Create `table`, a qualified name, with these columns and rows."""
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"create table {table} ({declared})")
    if rows:
        connection.executemany(
            f"insert into {table} values ({', '.join('?' * len(columns))})",
            [[row[name] for name in columns] for row in rows],
        )
