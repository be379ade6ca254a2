"""From landed files to a frozen candidate: load, transform, freeze. The one writer of the warehouse."""

import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from thermocline import __version__, warehouse
from thermocline.building import admission, build_records, transformation
from thermocline.building.screening_day import day_to_screen
from thermocline.candidates.freezing import freeze
from thermocline.company import settings, tables
from thermocline.errors import GateBlocked, ThermoclineError
from thermocline.home import PROJECT, Home
from thermocline.ledger.chain import Ledger, last_inputs
from thermocline.ledger.facts import Facts, Input
from thermocline.loading.load import load
from thermocline.publishing import publication


@dataclass(frozen=True)
class Built:
    """A candidate, ready for the gate."""

    content_hash: str
    as_of: date


def build(
    home: Home,
    as_of: date | None,
    *,
    last_whole_day: date,
    wait_seconds: float = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Built:
    """Load what was landed, run dbt as of a day (by default the newest complete one), freeze the result.

    last_whole_day: by the clock of the run, in the company's zone: without `as_of` no later day is screened.
    Raises WarehouseBusy (another run holds the warehouse), InputError (what `day_to_screen` or `admission`
    refuses), GateBlocked (a test failed and tables behind
    it are missing), ThermoclineError (a model failed).
    """
    with home.writer(f"building as of {as_of or 'the newest complete day'}", wait_seconds):
        with closing(warehouse.connect(home)) as connection:
            known = settings.read(home)
            loaded = load(home, connection, known.time_zone if known else "UTC")
            report(
                f"read {loaded.rows_read:,} rows of {loaded.files:,} new files, "
                f"{loaded.rows_quarantined:,} quarantined, {loaded.rows_excluded:,} left out by mappings"
                + (f"; {loaded.reloaded:,} files read anew by a changed mapping" if loaded.reloaded else "")
                + (f"; {loaded.withdrawn:,} files withdrawn" if loaded.withdrawn else "")
            )
            day = day_to_screen(connection, as_of, last_whole_day, report)
            settled = settings.settle(home, connection)
            tables.load(home, connection)
            _write_published(home, connection)
            admission.admit(home, connection, settled, day)
            _write_run(connection, day)
        report("building every table")
        transformed = transformation.transform(home, settled)
        _refuse_unbuilt(home, transformed)
        with closing(warehouse.connect(home)) as connection:
            if tables.keep_first_scorecard(home, connection):
                tables.load(home, connection)
            candidate = freeze(home, connection, _facts(home, connection, settled, transformed))
    return Built(candidate.content_hash, day)


def forget(home: Home) -> None:
    """Drop what was loaded, so that the next build reads the landing again. Raises WarehouseBusy."""
    with home.writer("asking for a full refresh"), closing(warehouse.connect(home)) as connection:
        connection.execute("drop schema if exists raw cascade")


def _refuse_unbuilt(home: Home, transformed: transformation.Transformed) -> None:
    """A failed test is the gate's to judge, unless the tables behind it were never built."""
    unbuilt = [name for name in transformed.failed if name.startswith(("model.", "seed."))]
    if not unbuilt:
        return
    cause = (transformed.broken or transformed.failed)[0]
    kind, name = cause.split(".")[0], cause.split(".")[2]
    told = build_records.failing_record(home, cause) if kind == "test" else None
    message = (
        f"dbt stopped at {kind} {name}{f' ({told})' if told else ''}, {len(unbuilt)} tables were not built; "
        f"the earlier publication stays: see {transformation.log_file(home)}"
    )
    raise GateBlocked(message) if kind in ("test", "unit_test") else ThermoclineError(message)


def _write_run(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """The parameters of this run, which models read instead of a clock."""
    connection.execute("create or replace table config.run (as_of_date date)")
    connection.execute("insert into config.run values (?)", [day])


def _write_published(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Write what the publication to compare with was made of."""
    current = publication.compared(home)
    inputs = sorted(last_inputs(Ledger(home.ledger).entries())) if current else []
    connection.execute(
        "create or replace table config.published_inputs "
        "(source varchar, source_file varchar, sha256 varchar)"
    )
    connection.execute(
        "insert into config.published_inputs "
        "select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[])",
        [list(column) for column in zip(*inputs, strict=True)] or [[], [], []],
    )


def _facts(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    settled: settings.Company,
    transformed: transformation.Transformed,
) -> Facts:
    cursor = connection.execute("select * from gate.gate_figures")
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone() or ()
    figures: dict[str, Any] = dict(zip(names, row, strict=True))
    day = figures.pop("as_of_date")
    inputs = connection.execute(
        "select source, source_file, sha256, bytes, rows_read from raw.files"
    ).fetchall()
    version = connection.execute("select max(scorecard_version) from reporting.account_segments").fetchone()
    return Facts(
        as_of_date=day,
        scorecard_version=(version and version[0]) or 0,
        reporting_currency=settled.reporting_currency,
        code_version=code_version(),
        manifest_hash=transformed.manifest_hash,
        inputs=tuple(Input(*item) for item in inputs),
        dbt={
            "expected": transformed.expected,
            "passed": transformed.passed,
            "failed": list(transformed.failed),
        },
        figures=figures,
        records=build_records.keep_build(home, connection),
    )


def code_version() -> str:
    """The package's version and, in a checkout, the git revision, marked where files differ from it."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+{described}"
