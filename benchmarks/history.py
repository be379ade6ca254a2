"""The whole exact daily hot and cold history from events, in the database, by the project's own SQL.

Ten years of made events go through the models of screening, each timed; beside them a loop that keeps
a state and steps it through 30 of the days, as a nightly snapshot would, extrapolated to all of them.
`python benchmarks/history.py [full|small]` writes a table and its figures to benchmarks/results/.
"""

import json
import os
import statistics
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from thermocline import warehouse
from thermocline.building import transformation
from thermocline.company.settings import Company
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home

RESULTS = Path(__file__).resolve().parent / "results"
MODELS = (
    "int_bodies",
    "int_heat_days",
    "int_heat_doubts",
    "int_temperature_paths",
    "int_temperatures_computed",
)
FIRST_DAY, DAYS, LOOPED_DAYS = "2016-01-01", 3653, 30
RUNS = int(os.environ.get("RUNS", "3"))


@dataclass(frozen=True)
class Size:
    events: int
    accounts: int


SIZES = {"full": Size(10_000_000, 250_000), "small": Size(200_000, 5_000)}

# Every account has events, so that its number is its place among all.
# Of a hundred events 60 are invoices, 10 opportunities, 25 communications, 5 answers.
INPUTS = """
create schema config;
create schema activity;
create schema screening;
create table config.run as
select date '{first_day}' + {days} - 1 as as_of_date;
create table screening.int_scorecards as
select
    1 as scorecard_version, date '0001-01-01' as effective_from, cast(null as date) as superseded_from,
    true as is_in_force, date '{first_day}' as epoch, cast(120 as decimal(18, 9)) as half_life_days,
    cast(1.2 as decimal(18, 9)) as hot_at, cast(0.5 as decimal(18, 9)) as cold_at;
create table activity.int_account_groups (
    group_id varchar, group_name varchar, account_id varchar, accounts bigint);
create table screening.int_accounts_held (account_id varchar, known_until date);
create table screening.int_event_degrees as
with drawn as (
    select
        range as number,
        cast(hash(range) % {accounts} as integer) as drawn_account,
        date '{first_day}' + cast(hash(range + 1000000007) % {days} as integer) as occurred_on,
        hash(range + 2000000011) % 100 as chance,
        cast(hash(range + 3000000019) % 1000000 as double) / 1000000 as share
    from range({events})
)
select
    1 as scorecard_version,
    'event:' || number as event_id,
    'crm:0017Q0' || format('{{:09d}}', drawn_account) || 'QAA' as account_id,
    drawn_account + 1 as account_number,
    cast(case when chance < 60 then 0.5 else 0 end as decimal(18, 9)) as transactions,
    cast(case when chance < 60 then 0.5 * log2(1 + exp(3 * (share - 0.5))) else 0 end as decimal(18, 9))
        as contribution,
    cast(case when chance < 60 then 0 when chance < 68 then 0.25 when chance < 70 then -0.25 else 0 end
        as decimal(18, 9)) as intent,
    cast(case when chance between 70 and 94 then 0.15 else 0 end as decimal(18, 9)) as communication,
    cast(case when chance > 94 then share - 0.5 else 0 end as decimal(18, 9)) as feedback,
    occurred_on
from drawn;
create table screening.int_accounts_first_seen as
select account_id, min(occurred_on) as first_seen_on
from screening.int_event_degrees
group by account_id;
"""

LOOP_INPUT = """
create table screening.days as
select
    account_id, occurred_on,
    sum(transactions + contribution + intent + communication + feedback)::double as degrees
from screening.int_event_degrees
group by account_id, occurred_on
order by occurred_on;
"""
LOOP_STATE = """
create or replace table screening.state as
select account_id, 0.0::double as heat, 'cold' as temperature from screening.int_accounts_first_seen;
create or replace table screening.changes (
    account_id varchar, changed_on date, temperature varchar, cause varchar);
"""
LOOP_STEP = """
create or replace table screening.state as
with cooled as (
    select
        state.account_id, state.temperature as was, days.degrees is not null as has_events,
        state.heat * pow(2, -1 / 120.0) + coalesce(days.degrees, 0) as heat
    from screening.state
    left join (select * from screening.days where occurred_on = date '{first_day}' + {day}) as days
        using (account_id)
)
select *, case when heat >= 1.2 then 'hot' when heat < 0.5 then 'cold' else was end as temperature
from cooled;
insert into screening.changes
select account_id, date '{first_day}' + {day}, temperature, if(has_events, 'activity', 'cooling')
from screening.state
where temperature <> was
"""

UNLIKE = """
with theirs as (
    select int_bodies.body_number, changes.changed_on, changes.temperature, changes.cause
    from screening.changes
    inner join screening.int_bodies using (account_id)
),
ours as (
    select body_number, changed_on, temperature, cause
    from screening.int_temperature_paths
    where changed_on < date '{first_day}' + {looped}
)
select count(*) from ((from theirs except from ours) union all (from ours except from theirs))
"""


def compiled(home: Home) -> dict[str, str]:
    """The models' SQL by name."""
    command = ["compile", "--select", *MODELS, "--exclude", "resource_type:test", "resource_type:unit_test"]
    done, reason = transformation.invoke(home, command, Company("EUR"))
    if not done:
        raise ThermoclineError(f"dbt could not compile ({reason}): see {transformation.log_file(home)}")
    folder = transformation.target_folder(home) / "compiled" / "thermocline" / "models" / "screening"
    return {model: (folder / f"{model}.sql").read_text(encoding="utf-8") for model in MODELS}


def prepare(home: Home, size: Size) -> duckdb.DuckDBPyConnection:
    """A warehouse on disk, set as dbt's profile sets it, with the models' inputs."""
    connection = duckdb.connect(
        str(home.warehouse),
        config={**warehouse.settings(home), "threads": 2, "preserve_insertion_order": False},
    )
    connection.execute(
        INPUTS.format(first_day=FIRST_DAY, days=DAYS, accounts=size.accounts, events=size.events)
    )
    connection.execute("checkpoint")
    return connection


def timed(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, float]:
    """Seconds by the clock and of all cores; a busy machine stretches the first only."""
    clock, cores = time.perf_counter(), time.process_time()
    connection.execute(query)
    return time.perf_counter() - clock, time.process_time() - cores


def looped(connection: duckdb.DuckDBPyConnection) -> float:
    """Seconds of the loop's days; what it reads and keeps before the first of them isn't counted."""
    connection.execute(LOOP_STATE)
    steps = [LOOP_STEP.format(first_day=FIRST_DAY, day=day) for day in range(LOOPED_DAYS)]
    return sum(timed(connection, step)[0] for step in steps)


def measure(size: Size) -> dict[str, object]:
    """Seconds of each model and of the loop, medians of three; rows of each model."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        queries = compiled(home)
        with closing(prepare(home, size)) as connection:
            taken: dict[str, list[tuple[float, float]]] = {model: [] for model in MODELS}
            rows: dict[str, int] = {}
            for _ in range(RUNS):
                for model in MODELS:
                    connection.execute(f"drop table if exists screening.{model}")
                for model, query in queries.items():
                    taken[model].append(timed(connection, f"create table screening.{model} as {query}"))
                    counted = connection.execute(f"select count(*) from screening.{model}").fetchone()
                    rows[model] = counted[0] if counted else 0
            connection.execute(LOOP_INPUT)
            loops = [looped(connection) for _ in range(RUNS)]
            unlike = connection.execute(UNLIKE.format(first_day=FIRST_DAY, looped=LOOPED_DAYS)).fetchone()
            if unlike != (0,):
                raise ThermoclineError(f"the loop and the history differ in {unlike} changes")
    totals = [sum(clock for clock, _ in run) for run in zip(*taken.values(), strict=True)]
    history, loop = statistics.median(totals), statistics.median(loops) * DAYS / LOOPED_DAYS
    return {
        "events": size.events,
        "accounts": size.accounts,
        "days": DAYS,
        "runs": RUNS,
        "cores": os.cpu_count(),
        "duckdb": duckdb.__version__,
        "seconds": {model: _median(each, 0) for model, each in taken.items()},
        "core_seconds": {model: _median(each, 1) for model, each in taken.items()},
        "rows": rows,
        "history_seconds": round(history, 2),
        "history_seconds_by_run": [round(each, 2) for each in totals],
        "loop_seconds": round(loop, 1),
        "loop_is_slower_by": round(loop / history, 1),
    }


def _median(runs: list[tuple[float, float]], part: int) -> float:
    return round(statistics.median(run[part] for run in runs), 2)


def table(found: dict[str, object]) -> str:
    seconds, cores, rows = found["seconds"], found["core_seconds"], found["rows"]
    assert isinstance(seconds, dict) and isinstance(cores, dict) and isinstance(rows, dict)
    lines = [
        f"{found['events']:,} events, {found['accounts']:,} accounts, {DAYS:,} days; "
        f"medians of {RUNS}; {found['cores']} cores, DuckDB {found['duckdb']}",
        "",
        "| step | rows | seconds | of all cores |",
        "| --- | ---: | ---: | ---: |",
        *(f"| `{model}` | {rows[model]:,} | {seconds[model]:.2f} | {cores[model]:.2f} |" for model in MODELS),
        f"| **the whole history** | | **{found['history_seconds']:.2f}** | {sum(cores.values()):.2f} |",
        f"| a loop over the days, from {LOOPED_DAYS} of them | | {found['loop_seconds']:.1f} "
        f"({found['loop_is_slower_by']} times) | |",
        "",
    ]
    return "\n".join(lines)


def main(name: str) -> None:
    if name not in SIZES:
        raise InputError(f"there is no size '{name}': choose one of {', '.join(SIZES)}")
    found = measure(SIZES[name])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"history-{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"history-{name}.md").write_text(table(found), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "full")
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
