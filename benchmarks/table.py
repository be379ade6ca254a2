"""One table of ratios: Markdown for people, JSON for whoever compares releases."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
VERSIONS = (
    "apache-airflow",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "pandas",
    "thermocline",
)


@dataclass
class Row:
    """One figure: what was measured against what, the ratio (or figure) found and its bound.

    `met` is None where there is nothing to hold it against: not measured, or of a size too small to tell.
    """

    what: str
    against: str
    target: str
    found: str = "not measured"
    met: bool | None = None
    note: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 2**30, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def render(size: str, runs: int, minutes: float, rows: list[Row]) -> str:
    of = machine()
    versions = ", ".join(f"{name} {number}" for name, number in of["versions"].items())
    medians = (
        f"medians of {runs}" if runs > 1 else "one run each, two beside each other, so no figure to quote"
    )
    lines = [
        f"SIZE={size}, {medians}, {minutes:.1f} minutes. {of['cores']} cores ({of['processor']}), "
        f"{of['memory_gb']} GB, {of['system']}, Python {of['python']}.",
        f"{versions}.",
        "",
        "| what | against | target | found | |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {row.what} | {row.against} | {row.target} | {row.found} | "
            f"{'' if row.met is None else 'met' if row.met else '**not met**'} |"
            for row in rows
        ),
        "",
        *(f"- {row.what}: {row.note}" for row in rows if row.note),
    ]
    return "\n".join(lines).rstrip() + "\n"


def write(size: str, runs: int, minutes: float, rows: list[Row], folder: Path = RESULTS) -> str:
    """Write `bench-<size>.md` and `.json`; returns the Markdown."""
    text = render(size, runs, minutes, rows)
    told = {
        "size": size,
        "runs": runs,
        "minutes": round(minutes, 2),
        "machine": machine(),
        "rows": [asdict(row) for row in rows],
    }
    folder.mkdir(exist_ok=True)
    (folder / f"bench-{size}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / f"bench-{size}.md").write_text(text, encoding="utf-8")
    return text
