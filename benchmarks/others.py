"""The benchmarks that stand alone, brought into the one table: each writes its own figures to results/."""

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from company import Size
from processes import run
from table import RESULTS, Row
from thermocline.errors import ThermoclineError

HERE = Path(__file__).resolve().parent
Judge = Callable[[dict[str, Any]], list[Row]]


def measure(size: Size, tell: Callable[[str], None]) -> Iterator[Row]:
    """In full, what is about a day's work; below it all of them, to see that they work."""
    for name, judge in JUDGES.items():
        if size.runs > 1 and name in ALONE:
            continue
        tell(name)
        size.folder.mkdir(parents=True, exist_ok=True)
        try:
            chosen = SIZE_OF.get(name, {}).get(size.name, size.name)
            run(
                [sys.executable, HERE / f"{name}.py", chosen],
                size.folder / f"{name}.log",
                RUNS=str(size.runs),
            )
            found = json.loads((RESULTS / f"{name}-{chosen}.json").read_text(encoding="utf-8"))
            yield from judge(found)
        except (ThermoclineError, KeyError) as error:
            yield Row(f"`benchmarks/{name}.py`", "", "", "not measured", None, str(error))


def history(found: dict[str, Any]) -> list[Row]:
    times = found["loop_is_slower_by"]
    return [
        Row(
            f"the exact daily history of {found['days']:,} days, {found['accounts']:,} accounts, "
            f"{found['events']:,} events",
            "a day-by-day loop over the same, extrapolated from 30 days",
            "at least 100 times faster",
            f"{times:,.0f} times ({found['history_seconds']:.1f} s, {found['loop_seconds']:,.0f} s)",
            times >= 100,
            figures=found,
        )
    ]


def loading(found: dict[str, Any]) -> list[Row]:
    rows = []
    for shape, of in found.items():
        bare, ours, day = of["bare"], of["ours"], of["day"]
        rows.append(
            Row(
                f"landing and loading one file of {of['lines']:,} lines ({shape})",
                "DuckDB alone into the same typed table",
                "at most 1.5 times",
                f"{ours['seconds_ratio']:.2f} times ({ours['seconds']:.1f} s, {bare['seconds']:.1f} s; "
                f"{ours['core_seconds_ratio']:.2f} of all cores); one more day after it "
                f"{day['seconds_ratio']:.2f} times the same day alone",
                ours["seconds_ratio"] <= 1.5,
                figures=of,
            )
        )
    return rows


def publishing(found: dict[str, Any]) -> list[Row]:
    taken = {step: statistics.median(each) for step, each in found["seconds"].items()}
    millions = found["rows"] / 1e6
    file = taken["DuckDB file"]
    return [
        Row(
            f"publishing {found['rows']:,} segments to the DuckDB file",
            "rows published; a bare `create table as`",
            "at most 2 s a million; at most 1.5 times",
            f"{file / millions:.1f} s a million; {found['duckdb_to_bare_table']} times",
            file / millions <= 2 and float(found["duckdb_to_bare_table"]) <= 1.5,
            figures=found,
        ),
        Row(
            f"publishing {found['rows']:,} segments to PostgreSQL",
            "a bare COPY",
            "at most 3 times",
            f"{found['postgresql_to_bare_copy']} times ({taken['PostgreSQL']:.1f} s)",
            float(found["postgresql_to_bare_copy"]) <= 3,
        ),
        *(
            Row(
                f"publishing one changed month of 60 to {name}",
                "one changed month of 12, as many rows each",
                "flat within 1.3 times",
                f"{found['long_to_short'][target]} times ({taken[f'{target}: 1 month of 60']:.2f} s, "
                f"{taken[f'{target}: 1 month of 12']:.2f} s)",
                float(found["long_to_short"][target]) <= 1.3,
            )
            for target, name in (("postgresql", "PostgreSQL"), ("parquet", "Parquet"))
        ),
    ]


def gate(found: dict[str, Any]) -> list[Row]:
    wall, peak = found["wall_seconds"], found["peak_mb"]
    return [
        Row(
            f"the gate over {found['accounts']:,} accounts, {found['timeline_rows']:,} events",
            "nothing",
            "at most 15 s and 1.5 GB",
            f"{wall:.1f} s ({found['cpu_seconds']:.1f} core seconds), {peak:,.0f} MB",
            wall <= 15 and peak <= 1500,
            figures=found,
        )
    ]


JUDGES: dict[str, Judge] = {"history": history, "loading": loading, "publishing": publishing, "gate": gate}
ALONE = {"loading", "gate"}
SIZE_OF = {"loading": {"small": "tiny"}}
"""Where one's own size would take more than its share of the time."""
