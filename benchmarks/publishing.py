"""Publishing beside the least that the same database could do with the same rows.

PostgreSQL beside a bare COPY of a ready CSV file, the DuckDB file beside a bare `create table as`. Then one
changed month of a timeline, of 12 months and of 60 with as many rows each, to PostgreSQL and to Parquet.
`python benchmarks/publishing.py [full|small]` writes a table and its figures to benchmarks/results/.
PostgreSQL is the server that the tests start, or the one in THERMOCLINE_TEST_POSTGRES.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from thermocline import warehouse
from thermocline.candidates import frozen_table
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import PROJECT, Home
from thermocline.publishing.targets import Edition, Target
from thermocline.publishing.targets.duckdb_file import DuckDBFile
from thermocline.publishing.targets.parquet_folder import ParquetFolder
from thermocline.publishing.targets.postgres import Postgres
from thermocline.publishing.targets.postgres_copy import CHUNK, column_type
from thermocline.sql import literal

sys.path.insert(0, str(PROJECT / "tests"))
from postgres_server import Database, serving

RESULTS = Path(__file__).resolve().parent / "results"
SIZES = {"full": 500_000, "small": 20_000}
RUNS = int(os.environ.get("RUNS", "3"))
YEARS = (1, 5)

SEGMENTS = """
select
    'salesforce:0017Q0' || format('{:09d}', account) || 'QAA' as account_id, 'C-' || account as account_code,
    'Accounts & sons ' || hash(account) % 100000 as account_name, 'legal_entity' as account_kind,
    if(account % 9 = 0, 'salesforce:0017Q0' || account // 9, null) as parent_account_id,
    'Owner ' || account % 40 as owner, 'DE' as country, date '2026-06-30' as as_of_date,
    if(hash(account) % 2 = 0, 'hot', 'cold') as temperature,
    if(hash(account) % 2 = 0, 'hot', 'cold') as computed_temperature, null::varchar as override_reason,
    (hash(account) % 5000000000 / 1e9)::decimal(18, 9) as heat,
    (hash(account + 1) % 1000000000 / 1e9)::decimal(18, 9) as heat_transactions,
    (hash(account + 2) % 1000000000 / 1e9)::decimal(18, 9) as heat_contribution,
    0::decimal(18, 9) as heat_intent,
    (hash(account + 3) % 1000000 / 1e9)::decimal(18, 9) as heat_communication,
    null::decimal(18, 9) as heat_feedback, date '2026-01-01' + (account % 180)::integer as hot_or_cold_since,
    date '2026-07-01' + (account % 90)::integer as cools_on, 'regular' as relationship,
    if(account % 3 = 0, 'disengaged', null) as cold_because, 'ok' as data_state, null::varchar as guard,
    'Serve at once, offer complementary products' as playbook,
    'Hot since 12 Mar: 4 invoices in 90 days carry 78% of its heat; cools on 3 Jul without a new order.'
        as reason,
    date '2020-01-01' + (account % 2000)::integer as first_invoice_on,
    date '2026-06-01' as last_invoice_on, (account % 50)::integer as invoices_365d,
    (hash(account + 4) % 1000000000 / 1e4)::decimal(18, 4) as revenue_365d,
    (hash(account + 5) % 1000000000 / 1e4)::decimal(18, 4) as revenue_previous_365d,
    (hash(account + 6) % 1000000000 / 1e4)::decimal(18, 4) as revenue_lifetime, 'EUR' as reporting_currency,
    0::decimal(18, 4) as overdue_amount, date '2026-06-02' as last_communication_on,
    null::decimal(18, 9) as last_feedback_score, 0.5::decimal(9, 6) as p_active_90d, 1 as scorecard_version,
    null::varchar as publication_id
from range($rows) as made(account)
"""
TIMELINE = """
select
    'invoice:' || event as event_id,
    'salesforce:0017Q0' || format('{:09d}', event % 50000) || 'QAA' as account_id,
    timestamp '2026-06-30 23:59:59' - to_seconds(hash(event) % ($days * 86400)) as occurred_at,
    occurred_at::date as occurred_on, 'invoice' as kind, 'inbound' as direction, null::varchar as outcome,
    'R-' || event as document_id, 'Invoice of 4 lines' as summary,
    (
        hash(event + 1) % 10000000 / 1e4 + if(strftime(occurred_at, '%Y-%m') = '2026-06', $amount, 0)
    )::decimal(18, 4) as amount,
    0.5::decimal(18, 9) as degrees, 'kontor' as source, 'Invoices.csv' as source_file, event as source_row
from range($rows) as made(event)
"""


def frozen(home: Home, number: int, name: str, query: str, **given: object) -> FrozenTable:
    """The query's rows, as the candidate of this number has them."""
    folder = home.candidates / str(number)
    folder.mkdir(exist_ok=True)
    with closing(warehouse.connect(home, Path(":memory:"))) as connection:
        connection.execute("create table made as " + query, given)
        return frozen_table.write(connection, "from made", folder, name)


def edition(number: int, *tables: FrozenTable) -> Edition:
    return Edition(f"2026-06-30-{number:04d}", {table.name: table for table in tables}, [], [])


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def published(target: Target, given: Edition) -> float:
    def publish() -> None:
        target.write_publication(given, lambda _: None)
        target.switch_to(given.publication_id)

    return seconds(publish)


def bare_copy(database: Database, file: Path, columns: Mapping[str, str]) -> float:
    """A COPY of the ready file into a new table without anything."""
    declared = ", ".join(f"{name} {column_type(kind)}" for name, kind in columns.items())
    with closing(database.connect()) as session:
        session.execute(f"drop table if exists bare; create table bare ({declared})")

        def copy() -> None:
            with (
                file.open("rb") as source,
                session.cursor() as cursor,
                cursor.copy("copy bare from stdin (format csv)") as into,
            ):
                while chunk := source.read(CHUNK):
                    into.write(chunk)

        return seconds(copy)


def bare_table(home: Home, number: int, frozen: FrozenTable) -> float:
    path = home.root / f"bare-{number}.duckdb"
    with closing(warehouse.connect(home, Path(":memory:"))) as connection:

        def create() -> None:
            connection.execute(f"attach {literal(path)} as bare (storage_version 'v1.5.0')")
            connection.execute(f"create table bare.segments as from {frozen.relation}")
            connection.execute("detach bare")

        return seconds(create)


def measure(rows: int) -> dict[str, object]:
    """Seconds of each step, one figure a run; each pair is measured back to back."""
    taken: dict[str, list[float]] = {}

    def note(step: str, value: float) -> None:
        taken.setdefault(step, []).append(value)

    with TemporaryDirectory() as folder, serving() as server:
        home = Home(Path(folder)).prepare()
        database = server.database()
        os.environ["AIRFLOW_CONN_BENCHMARK"] = database.uri
        postgres, file = Postgres(home, "postgresql", "benchmark"), DuckDBFile(home)
        postgres.anchor_head(1, "0" * 64)
        segments = frozen(home, 0, "account_segments", SEGMENTS, rows=rows)
        ready = home.root / "segments.csv"
        with closing(warehouse.connect(home, Path(":memory:"))) as connection:
            connection.execute(
                f"copy (from {segments.relation}) to {literal(ready)} (format csv, header false)"
            )
        number = 0
        for _ in range(RUNS):
            number += 1
            whole = edition(number, segments)
            note("bare COPY", bare_copy(database, ready, segments.columns))
            note("PostgreSQL", published(postgres, whole))
            note("bare create table as", bare_table(home, number, segments))
            note("DuckDB file", published(file, whole))
            postgres.keep_only([whole.publication_id])
        parquet = ParquetFolder(home, "parquet", str(home.root / "parquet"))
        for years in YEARS:
            for run in range(RUNS + 1):
                number += 1
                given = {"rows": rows * years // YEARS[-1], "days": 365 * years, "amount": run}
                timeline = edition(number, frozen(home, number, "account_timeline", TIMELINE, **given))
                for target in (postgres, parquet):
                    spent = published(target, timeline)
                    # The first brings all of it.
                    if run:
                        note(f"{target.name}: 1 month of {12 * years}", spent)
    return {
        "rows": rows,
        "runs": RUNS,
        "cores": os.cpu_count(),
        "duckdb": duckdb.__version__,
        "seconds": {step: [round(value, 2) for value in each] for step, each in taken.items()},
        "postgresql_to_bare_copy": ratio(taken, "PostgreSQL", "bare COPY"),
        "duckdb_to_bare_table": ratio(taken, "DuckDB file", "bare create table as"),
        "long_to_short": {name: ratio(taken, *months(name)) for name in ("postgresql", "parquet")},
    }


def months(target: str) -> tuple[str, str]:
    """The steps that change one month of a long and of a short timeline."""
    short, long = (f"{target}: 1 month of {12 * years}" for years in YEARS)
    return long, short


def ratio(taken: Mapping[str, list[float]], ours: str, bare: str) -> float:
    """The median of the runs' ratios."""
    return round(
        statistics.median(one / other for one, other in zip(taken[ours], taken[bare], strict=True)), 2
    )


def table(found: dict[str, object]) -> str:
    taken = found["seconds"]
    assert isinstance(taken, dict)
    flat = found["long_to_short"]
    assert isinstance(flat, dict)
    against = {
        "PostgreSQL": found["postgresql_to_bare_copy"],
        "DuckDB file": found["duckdb_to_bare_table"],
        **{months(target)[0]: ratio for target, ratio in flat.items()},
    }
    return "\n".join(
        [
            f"{found['rows']:,} rows; medians; {found['cores']} cores, DuckDB {found['duckdb']}",
            "",
            "| step | seconds | beside its peer |",
            "| --- | ---: | ---: |",
            *(
                f"| {step} | {statistics.median(each):.2f} | "
                f"{f'{against[step]} times' if step in against else ''} |"
                for step, each in taken.items()
            ),
            "",
        ]
    )


def main(name: str) -> None:
    if name not in SIZES:
        raise InputError(f"there is no size '{name}': choose one of {', '.join(SIZES)}")
    found = measure(SIZES[name])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"publishing-{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"publishing-{name}.md").write_text(table(found), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "full")
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
