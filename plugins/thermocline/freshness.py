"""Whether the warehouse's tables already are what a build would make of the same input."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import duckdb

from thermocline.company import Company
from thermocline.configuration import TABLES

# What the loader changes whenever it changes anything.
LOADED = ("raw.files", "raw.deliveries", "raw.ended_feeds")


@dataclass(frozen=True)
class Finished:
    """The last build that went well from end to end: what it was made of, and its number of dbt nodes."""

    fingerprint: str
    nodes: int


def fingerprint(connection: duckdb.DuckDBPyConnection, company: Company, day: date, project: str) -> str:
    """SHA-256 of all that the models read: loaded files, configuration, day, company and project.

    The gate's models read more, the state of the publication: they are built every time.
    """
    patterns = [company.test_account_names, company.test_account_emails]
    told = [day.isoformat(), company.reporting_currency, company.time_zone, project, *map(str, patterns)]
    for table in (*LOADED, *(f"config.{table.name}" for table in TABLES)):
        name, schema = table.split(".")[1], table.split(".")[0]
        columns = connection.execute(
            "select string_agg(column_name || ' ' || data_type, ',' order by ordinal_position) "
            "from information_schema.columns where table_schema = ? and table_name = ?",
            [schema, name],
        ).fetchone()
        rows = connection.execute(
            f"select sha256(coalesce(string_agg(row_text, chr(10) order by row_text), '')) "
            f"from (select cast(entry as varchar) as row_text from {table} as entry)"
        ).fetchone()
        told += [table, str(columns and columns[0]), str(rows and rows[0])]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def last_finished(connection: duckdb.DuckDBPyConnection) -> Finished | None:
    """The build whose tables stand in the warehouse; None where one was begun and not finished."""
    connection.execute("create table if not exists config.finished (fingerprint varchar, nodes integer)")
    row = connection.execute("select fingerprint, nodes from config.finished").fetchone()
    return Finished(*row) if row else None


def begin(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on the tables are nobody's, until `finish`."""
    connection.execute("create or replace table config.finished (fingerprint varchar, nodes integer)")


def finish(connection: duckdb.DuckDBPyConnection, finished: Finished) -> None:
    """Keep what the tables were made of."""
    connection.execute("insert into config.finished values (?, ?)", [finished.fingerprint, finished.nodes])
