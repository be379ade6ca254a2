"""What a build has to make anew: nothing, what changed since the last finished one, or whole layers.

The models rewrite what the tables `config.files_changed`, `config.accounts_changed` and `config.run` tell
them to (see `dbt_project/macros/incremental.sql`). All are relative to the last build that finished; what
builds that didn't finish found changed stays in them, so that the next one repairs what those left half done.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from thermocline import frozen_notes
from thermocline.company import Company
from thermocline.configuration import SCORECARDS, TABLES

# What the loader changes whenever it changes anything.
LOADED = ("raw.files", "raw.deliveries", "raw.ended_feeds", "raw.feeds_only_with_records")
# A file that comes again under another path or delivery is the same file; all else makes it another.
_MOVED = "source_file, delivery_key, covers_on"

FILES_SEEN = ("config.built_files", "config.begun_files")
"""The files as the last build that finished saw them, and as those saw them that were begun since."""

ALL, SCREENING, NOTHING = "all", "screening", "nothing"

_STATE = """
create table if not exists config.builds (
    build integer, as_of_date date, activity varchar, screening varchar, rebuilt varchar,
    fingerprint varchar, nodes integer, is_finished boolean
);
create table if not exists config.built_customers_linked (
    billing_customer_id varchar, account_id varchar, linked_by varchar
);
create table if not exists config.built_accounts_merged (crm_account_id varchar, account_id varchar);
create table if not exists config.built_exchange_rates (currency varchar, rate decimal(18, 8), rate_on date);
"""

_NOTES = {
    "accounts_changed": "account_id varchar, changed_from date",
    "events_changed": "event_id varchar, occurred_on date, source_row bigint",
    "bodies_changed": "body_number integer, changed_from date",
}
"""What builds find changed, by table: made anew with each that begins after one that finished."""

_INVOICES_CHANGED = (
    "account_id varchar, source varchar, document_id varchar, kind varchar, currency varchar, "
    "rate decimal(18, 8), issued_on date, lines_content decimal(38, 0), change integer"
)
"""What of invoices is yet to be counted: `invoices_changed` in macros/incremental.sql."""


@dataclass(frozen=True)
class Finished:
    """The last build that went well from end to end: what it was made of, and its number of dbt nodes."""

    fingerprint: str
    nodes: int


@dataclass(frozen=True)
class Made:
    """SHA-256 of all that the models read, and of what two layers are made of beside records and the day."""

    fingerprint: str
    activity: str
    screening: str


def made_of(connection: duckdb.DuckDBPyConnection, company: Company, day: date, project: str) -> Made:
    """What a build of that day would be made of: loaded files, configuration, day, company and project.

    The gate's models read more, the state of the publication: they are built every time. Links, overrides,
    exchange rates and the patterns of test accounts change single accounts, which the models find; another
    scorecard screens all of them anew.
    """
    activity = [company.reporting_currency, company.time_zone, project]
    patterns = [company.test_account_names, company.test_account_emails]
    screening = [*activity, *_contents(connection, [f"config.{SCORECARDS.name}"])]
    tables = [*LOADED, *(f"config.{table.name}" for table in TABLES)]
    return Made(
        _digest([day.isoformat(), *activity, *map(str, patterns), *_contents(connection, tables)]),
        _digest(activity),
        _digest(screening),
    )


def last_finished(connection: duckdb.DuckDBPyConnection) -> Finished | None:
    """The build whose tables stand in the warehouse; None where one was begun and not finished."""
    connection.execute(_STATE)
    rows = connection.execute("select fingerprint, nodes, is_finished from config.builds").fetchall()
    return Finished(*rows[0][:2]) if len(rows) == 1 and rows[0][2] else None


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the next build make every table anew."""
    connection.execute("create schema if not exists config")
    connection.execute(_STATE)
    connection.execute("delete from config.builds")


def expire(connection: duckdb.DuckDBPyConnection) -> None:
    """Let no build be spared: what the models read was written to, not by the loader."""
    connection.execute("create schema if not exists config")
    connection.execute(_STATE)
    connection.execute("update config.builds set fingerprint = 'expired' where is_finished")


def begin(
    connection: duckdb.DuckDBPyConnection,
    made: Made,
    day: date,
    published: date | None,
    *,
    full_refresh: bool,
) -> str:
    """Write down what this run must make anew, and that the tables are nobody's until `finish`.

    Gives the layers that are rebuilt whole: ALL, SCREENING (all that a scorecard decides) or NOTHING.
    """
    connection.execute("begin")
    connection.execute(_STATE)
    for table in FILES_SEEN:
        connection.execute(f"create table if not exists {table} as from raw.files limit 0")
    since, earliest, latest = connection.execute(
        "select coalesce(max(build) filter (is_finished), 0), least(min(as_of_date), $day), "
        "greatest(max(as_of_date), $day) from config.builds",
        {"day": day},
    ).fetchone() or (0, day, day)
    rebuilt = ALL if full_refresh else _rebuilt(connection, made, earliest, latest)
    if last_finished(connection) or rebuilt == ALL:
        for table, columns in _NOTES.items():
            connection.execute(f"create or replace table config.{table} ({columns})")
    if rebuilt == ALL:
        connection.execute(f"create or replace table config.invoices_changed ({_INVOICES_CHANGED})")
        frozen_notes.forget(connection)
    connection.execute(
        "create or replace table config.run (as_of_date date, published_as_of_date date, "
        "first_as_of_date date, last_as_of_date date, rebuilt varchar, since_build integer)"
    )
    connection.execute(
        "insert into config.run values (?, ?, ?, ?, ?, ?)", [day, published, earliest, latest, rebuilt, since]
    )
    _write_files_changed(connection, rebuilt)
    if rebuilt == ALL:
        connection.execute("create or replace table config.begun_files as from raw.files limit 0")
    connection.execute("insert into config.begun_files from raw.files except from config.begun_files")
    connection.execute(
        "insert into config.builds select coalesce(max(build), 0) + 1, ?, ?, ?, ?, null, null, false "
        "from config.builds",
        [day, made.activity, made.screening, rebuilt],
    )
    connection.execute("commit")
    return rebuilt


def finish(connection: duckdb.DuckDBPyConnection, made: Made, nodes: int) -> None:
    """Keep what the tables were made of: the next build compares with it."""
    connection.execute("begin")
    connection.execute("delete from config.builds where build <> (select max(build) from config.builds)")
    connection.execute(
        "update config.builds "
        "set is_finished = true, activity = ?, screening = ?, fingerprint = ?, nodes = ?",
        [made.activity, made.screening, made.fingerprint, nodes],
    )
    for table, query in (
        ("files", "from raw.files"),
        (
            "customers_linked",
            "select billing_customer_id, account_id, linked_by from activity.int_customers_linked",
        ),
        ("accounts_merged", "select crm_account_id, account_id from activity.int_accounts_merged"),
        ("exchange_rates", "select currency, rate, rate_on from staging.stg_billing__exchange_rates"),
    ):
        connection.execute(f"create or replace table config.built_{table} as {query}")
    connection.execute("create or replace table config.begun_files as from raw.files limit 0")
    connection.execute("commit")


def _rebuilt(connection: duckdb.DuckDBPyConnection, made: Made, earliest: date, latest: date) -> str:
    """The layers that can't be brought up to date by what changed."""
    builds = connection.execute(
        "select activity, screening, rebuilt, is_finished from config.builds"
    ).fetchall()
    unfinished = {rebuilt for _, _, rebuilt, is_finished in builds if not is_finished}
    if (
        not any(is_finished for *_, is_finished in builds)
        or ALL in unfinished
        or any(activity != made.activity for activity, *_ in builds)
        or _files_are_gone(connection)
    ):
        return ALL
    effective = connection.execute(
        "select count(*) filter (effective_from > ? and effective_from <= ?), count(*) "
        "from config.scorecards",
        [earliest, latest],
    ).fetchone()
    # With no scorecard written yet, the models derive one from all records.
    if (
        SCREENING in unfinished
        or any(screening != made.screening for _, screening, *_ in builds)
        or effective is None
        or effective[0]
        or not effective[1]
    ):
        return SCREENING
    return NOTHING


def _files_are_gone(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether records that builds saw were withdrawn or read anew: what they touched is no longer known."""
    layouts = [
        connection.execute(f"select list(column_name || column_type) from (describe {table})").fetchone()
        for table in ("raw.files", *FILES_SEEN)
    ]
    if any(layout != layouts[0] for layout in layouts):
        return True
    seen = " union all from ".join(FILES_SEEN)
    gone = connection.execute(
        f"select count(*) from (select * exclude ({_MOVED}) from (from {seen}) "
        f"except select * exclude ({_MOVED}) from raw.files)"
    ).fetchone()
    return bool(gone and gone[0])


def _write_files_changed(connection: duckdb.DuckDBPyConnection, rebuilt: str) -> None:
    """Those to look at: new, moved, moved back, and those whose records a newer full delivery may lack."""
    connection.execute("create or replace table config.files_changed (file_id integer)")
    if rebuilt == ALL:
        return
    connection.execute(
        """
        insert into config.files_changed
        with changed as (
            select file_id, source, kind_of_file
            from raw.files
            where
                file_id in (select file_id from (from raw.files except from config.built_files))
                or file_id in (select file_id from (from config.begun_files except from raw.files))
        ),
        newest as (
            select source, kind_of_file, max(delivery_key) as delivery_key from config.built_files
            group by source, kind_of_file
            having bool_or(extent = 'full')
        )
        select file_id from changed
        union
        select files.file_id
        from raw.files as files
        inner join newest using (source, kind_of_file, delivery_key)
        inner join changed using (source, kind_of_file)
        """
    )


def _contents(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> list[str]:
    """Of each table its name, its columns and a hash of its rows in any order."""
    told = []
    for table in tables:
        schema, name = table.split(".")
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
    return told


def _digest(told: list[str]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
