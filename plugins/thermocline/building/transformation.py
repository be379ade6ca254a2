"""One in-process dbt invocation: the models, their tests, and what became of each."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thermocline import durable, warehouse
from thermocline.company.settings import Company
from thermocline.errors import ThermoclineError
from thermocline.home import INSTALLED, PROJECT, Home
from thermocline.surroundings import OF_DBT, forget

DBT_PROJECT = PROJECT / "dbt_project"
GOOD = ("success", "pass")
PARSED = "partial_parse.msgpack"
UNIT_TESTED = "unit_tested"


@dataclass(frozen=True)
class Transformed:
    """What dbt did: how many nodes it was to run, how many went well, the names of those that didn't.

    broken: of those, the ones at which it stopped; the others were skipped behind them, or missing.

    manifest_hash: see `project_hash`.
    """

    expected: int
    passed: int
    failed: tuple[str, ...]
    broken: tuple[str, ...]
    manifest_hash: str


def target_folder(home: Home) -> Path:
    """Where dbt keeps its parse results, manifest and run results."""
    return home.scratch / "dbt"


def log_file(home: Home) -> Path:
    """Where dbt says what it did."""
    return home.scratch / "logs" / "dbt.log"


def arguments(home: Home, company: Company) -> list[str]:
    """The options that every invocation shares."""
    patterns = {
        "test_account_name_pattern": company.test_account_names,
        "test_account_email_pattern": company.test_account_emails,
    }
    # They stand between quotes in the models.
    escaped = {name: text.replace("'", "''") for name, text in patterns.items() if text}
    variables = {
        "reporting_currency": company.reporting_currency,
        "time_zone": company.time_zone,
        **escaped,
    }
    return [
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
        "--target-path",
        str(target_folder(home)),
        "--vars",
        json.dumps(variables, sort_keys=True),
    ]


def invoke(home: Home, command: Sequence[str], company: Company) -> tuple[bool, str]:
    """Run a dbt command in this process; whether it succeeded and, if not, its first error line."""
    limits = warehouse.limits(home)
    forget(OF_DBT)
    os.environ.update(
        THERMOCLINE_WAREHOUSE=str(home.warehouse),
        THERMOCLINE_SCRATCH=str(home.scratch),
        THERMOCLINE_MEMORY_LIMIT=limits["memory_limit"],
        THERMOCLINE_TEMPORARY_LIMIT=limits["max_temp_directory_size"],
        THERMOCLINE_THREADS=limits["threads"],
        DO_NOT_TRACK="1",
    )
    # Importing dbt takes seconds.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    log = log_file(home)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()

    def note(event: Any) -> None:
        if event.info.level in ("warn", "error"):
            with log.open("a", encoding="utf-8") as lines:
                lines.write(f"{event.info.ts.ToJsonString()} {event.info.level}: {event.info.msg}\n")

    options = ["--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none"]
    outcome = dbtRunner(callbacks=[note]).invoke(
        [*options, "--log-path", str(log.parent), *command, *arguments(home, company)]
    )
    # The profile keeps it open between nodes, and this process would go on holding DuckDB's lock.
    DuckDBConnectionManager.close_all_connections()
    reason = "" if outcome.exception is None else " ".join(str(outcome.exception).split())
    return outcome.success, reason


def transform(home: Home, company: Company) -> Transformed:
    """Build every model and run every test. Raises ThermoclineError where dbt could not start.

    Unit tests see made rows only, so they run once for each state of the project.
    The caller holds `Home.writer` and no connection to the warehouse.
    """
    folder, project = target_folder(home), project_hash()
    results = folder / "run_results.json"
    results.unlink(missing_ok=True)
    tested = _is_tested(folder, project)
    if not tested:
        _begin_from_parsed_ahead(folder, project)
    _, reason = invoke(
        home, ["build", *(["--exclude-resource-type", "unit_test"] if tested else [])], company
    )
    if not results.exists():
        raise ThermoclineError(f"dbt didn't run ({reason or 'no results'}): see {log_file(home)}")
    transformed = _read_results(folder, project, with_unit_tests=not tested)
    if not transformed.failed:
        durable.replace(folder / UNIT_TESTED, project.encode())
    return transformed


def _is_tested(folder: Path, project: str) -> bool:
    """Whether all went well with this state of the project in this home, its unit tests included."""
    tested = folder / UNIT_TESTED
    return tested.exists() and tested.read_text(encoding="utf-8") == project


def _begin_from_parsed_ahead(folder: Path, project: str) -> None:
    # Parsed by an earlier release, it may still name unit tests of models that are gone.
    (folder / PARSED).unlink(missing_ok=True)
    if parsed_ahead(project).exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parsed_ahead(project), folder / PARSED)


def parsed_ahead(project: str) -> Path:
    """dbt's parse results of a state of the project, made when it was installed."""
    return INSTALLED / f"{project}.msgpack"


def parse_ahead() -> None:
    """Parse the project, for the first run of every home.

    dbt checks what it finds: another version of its own parses anew.
    Raises ThermoclineError where the project can't be parsed.
    """
    kept = parsed_ahead(project_hash())
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        succeeded, reason = invoke(home, ["parse"], Company("EUR"))
        if not succeeded:
            raise ThermoclineError(f"dbt can't parse {DBT_PROJECT} ({reason})")
        shutil.rmtree(kept.parent, ignore_errors=True)
        kept.parent.mkdir()
        durable.replace(kept, (target_folder(home) / PARSED).read_bytes())


def _read_results(folder: Path, project: str, *, with_unit_tests: bool) -> Transformed:
    """What became of the project's nodes; one without a result has failed."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    expected = {*manifest["nodes"], *(manifest["unit_tests"] if with_unit_tests else ())}
    results = json.loads((folder / "run_results.json").read_text(encoding="utf-8"))["results"]
    status = {result["unique_id"]: result["status"] for result in results}
    failed = sorted(name for name in expected if status.get(name) not in GOOD)
    return Transformed(
        expected=len(expected),
        passed=len(expected) - len(failed),
        failed=tuple(failed),
        broken=tuple(name for name in failed if status.get(name) not in (None, "skipped")),
        manifest_hash=project,
    )


def project_hash() -> str:
    """SHA-256 over the files of the dbt project: models, macros, seeds, tests and settings."""
    digest = hashlib.sha256()
    files = [
        file
        for folder in ("models", "macros", "seeds", "data_tests")
        for file in (DBT_PROJECT / folder).rglob("*")
        if file.suffix in (".sql", ".yml", ".md", ".csv")
    ]
    for file in sorted([*files, DBT_PROJECT / "dbt_project.yml"]):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(DBT_PROJECT).as_posix()} {content}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    parse_ahead()
