"""One in-process dbt invocation: the models, their tests, and what became of each."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thermocline import warehouse
from thermocline.company import Company
from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT, Home

DBT_PROJECT = PROJECT / "dbt_project"
GOOD = ("success", "pass")


@dataclass(frozen=True)
class Transformed:
    """What dbt did: how many nodes it was to run, how many went well, the names of those that didn't."""

    expected: int
    passed: int
    failed: tuple[str, ...]
    failed_models: tuple[str, ...]
    manifest_hash: str


def target_folder(home: Home) -> Path:
    """Where dbt keeps its parse results, manifest and run results."""
    return home.scratch / "dbt"


def arguments(home: Home, company: Company) -> list[str]:
    """The options that every invocation shares; equal ones let dbt reuse its parse results."""
    variables = {"reporting_currency": company.reporting_currency, "time_zone": company.time_zone}
    return [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(target_folder(home)), "--vars", json.dumps(variables, sort_keys=True),
    ]


def invoke(home: Home, command: Sequence[str], company: Company) -> tuple[bool, str]:
    """Run a dbt command in this process; whether it succeeded and, if not, its first error line."""
    os.environ.update(
        THERMOCLINE_WAREHOUSE=str(home.warehouse),
        THERMOCLINE_SCRATCH=str(home.scratch),
        THERMOCLINE_MEMORY_LIMIT=warehouse.MEMORY_LIMIT,
        DO_NOT_TRACK="1",
    )
    from dbt.cli.main import dbtRunner

    outcome = dbtRunner().invoke(
        ["--quiet", "--no-use-colors", "--log-level-file", "info", "--log-path", str(home.scratch / "logs"),
         *command, *arguments(home, company)]
    )
    reason = "" if outcome.exception is None else " ".join(str(outcome.exception).split())
    return outcome.success, reason


def transform(home: Home, company: Company, *, full_refresh: bool = False) -> Transformed:
    """Build every model and run every test. Raises ThermoclineError where dbt could not start.

    The caller holds `Home.writer` and no connection to the warehouse.
    """
    results_file = target_folder(home) / "run_results.json"
    results_file.unlink(missing_ok=True)
    command = ["build", *(["--full-refresh"] if full_refresh else [])]
    _, reason = invoke(home, command, company)
    if not results_file.exists():
        raise ThermoclineError(
            f"dbt didn't run ({reason or 'no results'}): see {home.scratch / 'logs' / 'dbt.log'}"
        )
    return _read_results(target_folder(home))


def _read_results(folder: Path) -> Transformed:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((folder / "run_results.json").read_text(encoding="utf-8"))["results"]
    expected = {*manifest["nodes"], *manifest["unit_tests"]}
    status = {result["unique_id"]: result["status"] for result in results}
    failed = sorted(name for name in expected if status.get(name) not in GOOD)
    return Transformed(
        expected=len(expected),
        passed=len(expected) - len(failed),
        failed=tuple(failed),
        failed_models=tuple(name for name in failed if name.startswith(("model.", "seed."))),
        manifest_hash=_manifest_hash(manifest),
    )


def _manifest_hash(manifest: dict) -> str:
    """SHA-256 over the checksums of all nodes: the same for the same project, whenever it is parsed."""
    digest = hashlib.sha256()
    for name in sorted(manifest["nodes"]):
        node = manifest["nodes"][name]
        digest.update(f"{name} {node['checksum']['checksum']} {node.get('raw_code', '')}\n".encode())
    for name in sorted(manifest["macros"]):
        if name.startswith("macro.thermocline."):
            digest.update(f"{name} {manifest['macros'][name]['macro_sql']}\n".encode())
    return digest.hexdigest()
