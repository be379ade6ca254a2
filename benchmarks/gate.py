"""The gate over a made candidate of a million accounts, no dbt: CPU, wall time and peak memory.

    python benchmarks/gate.py [full|small]

Writes a table and its figures to benchmarks/results/ and prints the table. Great Expectations' import
is in the time, as it is in a run.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

from thermocline import warehouse
from thermocline.candidates.candidate import Candidate
from thermocline.candidates.freezing import freeze
from thermocline.gate import audit as gate
from thermocline.home import Home
from thermocline.ledger.facts import Facts

RESULTS = Path(__file__).with_name("results")
SIZES = {"full": 1_000_000, "small": 50_000}
EVENTS_PER_ACCOUNT = 3
RUNS = int(os.environ.get("RUNS", "3"))
DAY = date(2026, 6, 30)

MARTS = f"""
create schema reporting; create schema gate;
create table reporting.account_segments as select
    'made:' || n as account_id, 'Account ' || n as account_name, date '{DAY}' as as_of_date,
    case when n % 2 = 0 then 'hot' else 'cold' end as temperature, (n % 700 / 100)::decimal(18,9) as heat,
    date '2025-01-01' + (n % 500)::integer as hot_or_cold_since, (n % 9000)::decimal(18,4) as revenue_365d,
    'regular' as relationship, null::varchar as publication_id from range($accounts) as made(n);
create table reporting.account_temperature_history as select
    account_id, temperature, date '2025-01-01' + nth::integer as valid_from, null::date as valid_to
from reporting.account_segments, range(3) as made(nth);
create table reporting.account_timeline as select
    account_id || ':' || nth as event_id, account_id, timestamp '2025-12-01 08:30:00' as occurred_at,
    date '2025-12-01' + nth::integer as occurred_on, (nth * 1.25)::decimal(18,4) as amount,
    'made' as source, 'made.csv' as source_file, nth as source_row
from reporting.account_segments, range({EVENTS_PER_ACCOUNT}) as made(nth);
create table reporting.segment_summary as select
    as_of_date, temperature, relationship, count(*) as accounts from reporting.account_segments group by all;
create table reporting.segment_transitions as select 'a' as account_id;
create table reporting.group_segments as select 'a' as group_id;
create table reporting.account_activity_monthly as select 'a' as account_id;
create table reporting.gate_failures as select
    'unattributed_share' as measure, 'invoice ' || n as failing_key, 'no_customer' as detail,
    'made' as source, 'made.csv' as source_file, n as source_row from range($accounts // 10) as made(n);
create table gate.gate_figures as select 0 as unreconciled_rows, 0::decimal(38,4) as unreconciled_money,
    0::decimal(9,6) as quarantined_share_of_delivery, 0.06::decimal(9,6) as unattributed_share,
    0 as days_held, 0 as quarantined_rows, 0 as late_feeds, 0 as invoices_unlike_lines,
    0::decimal(9,6) as unlike_lines_share, 0::decimal(9,6) as without_lines_share,
    0 as lines_without_invoice, 0 as undecided_records, 0 as repeated_records, 0 as shared_numbers,
    0::decimal(18,4) as contradicted_revenue, 0::decimal(9,6) as contradicted_share
"""


def made(home: Home, accounts: int) -> Candidate:
    """A candidate with what the suites read."""
    figures = {
        "accounts": accounts,
        "hot": accounts // 2,
        "cold": accounts - accounts // 2,
        "unattributed_revenue": 0,
        "quarantined_rows": 0,
    }
    facts = Facts(
        DAY, 1, "EUR", "benchmark", "0" * 64, (), {"expected": 1, "passed": 1, "failed": []}, figures
    )
    with closing(warehouse.connect(home)) as connection:
        for statement in MARTS.split(";\n"):
            given = {"accounts": accounts} if "$accounts" in statement else {}
            connection.execute(statement, given)
        return freeze(home, connection, facts)


def main(size: str) -> None:
    accounts = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        (home.config / "company.yml").write_text("reporting_currency: EUR\n")
        content_hash = made(home, accounts).content_hash
        runs = []
        for _ in range(RUNS):
            audited = subprocess.run(
                [sys.executable, __file__, "audit", str(home.root), content_hash],
                check=True,
                capture_output=True,
                text=True,
            )
            runs.append(json.loads(audited.stdout.splitlines()[-1]))
    figures = {
        "accounts": accounts,
        "timeline_rows": accounts * EVENTS_PER_ACCOUNT,
        "runs": RUNS,
        **{name: statistics.median(each[name] for each in runs) for name in runs[0]},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"gate-{size}.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = "\n".join(
        ["# The gate's audit", "", "| figure | median |", "| --- | ---: |"]
        + [f"| {name.replace('_', ' ')} | {value:,} |" for name, value in figures.items()]
    )
    (RESULTS / f"gate-{size}.md").write_text(table + "\n", encoding="utf-8")
    print(table)


def audit(root: Path, content_hash: str) -> None:
    """In a process of its own, so that peak memory is the gate's."""
    before, began = time.process_time(), time.monotonic()
    verdict = gate.audit(Home(root), content_hash)
    told = {
        "checks": len(verdict.checks),
        "wall_seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - before, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    if sys.argv[1:2] == ["audit"]:
        audit(Path(sys.argv[2]), sys.argv[3])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "full")
