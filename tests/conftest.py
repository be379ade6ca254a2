import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import in_parts
import pytest
from export_files import disconnect
from fault_table import pytest_terminal_summary, survived
from in_parts import InParts
from published_company import begun, database, original, processes, server, with_postgres
from screened import WHOLESALER, Screened, screen
from thermocline.example import generate
from thermocline.home import Home
from thermocline.locks import exclusive

__all__ = [
    "begun",
    "database",
    "original",
    "processes",
    "pytest_terminal_summary",
    "server",
    "survived",
    "with_postgres",
]

SECONDS_TO_MAKE = 600
LONGEST = (
    "end_to_end/test_running_airflow.py",
    "publishing/faults/test_kills.py",
    "building/test_rebuilt_every_night.py",
    "backtest/test_real_year.py",
    "end_to_end/test_killed_runs.py",
    "publishing/faults/test_faults.py",
    "law/test_properties.py",
    "end_to_end/test_wholesalers_year.py",
    "gate/test_gate.py",
    "publishing/test_postgres_mended.py",
    "publishing/test_postgres.py",
    "dags/test_approval_dag.py",
    "insight/test_difference.py",
    "loading/test_scanning.py",
    "publishing/test_parquet.py",
    "audit/test_every_change.py",
    "files/places/test_remote_places.py",
    "backtest/test_calibration.py",
    "law/test_deliveries.py",
    "audit/test_every_cell.py",
    "end_to_end/test_example_company.py",
    "cases/test_days_and_gate.py",
    "cases/test_several_tables.py",
    "cases/test_places.py",
    "cases/test_delivery_order.py",
    "activity/test_later_statements.py",
    "loading/fuzz/test_fuzz.py",
    "benchmarks/test_bench.py",
    "install/test_install.py",
    "backtest/test_backtest.py",
    "building/test_failing_tests.py",
    "gate/test_gate_failures.py",
    "candidates/test_candidate.py",
    "orchestration/test_killed_run.py",
)
"""The files that take longest are slow and begin first, so that no worker ends alone with one of them."""
BY_FIXTURE = {
    "server": ("postgres", "slow"),
    "survived": ("faults", "slow"),
    "year": ("slow",),
    "delivered_in_parts": ("slow",),
    "screen_files": ("slow",),
}
BY_PLACE = {
    "dags": ("airflow",),
    "orchestration": ("airflow",),
    "end_to_end/test_running_airflow.py": ("airflow",),
    "end_to_end/test_asking_people.py": ("airflow", "faults", "slow"),
    "publishing/faults": ("faults", "slow"),
    "gate/test_gate_failures.py": ("browser",),
    "gate/test_gate_index.py": ("browser",),
    "dbt_project/test_documentation_page.py": ("browser",),
}
"""Markers of all tests that use a fixture, or lie in a folder or file."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests before `-m` selects, and let the files begin first that take longest."""
    tests = Path(__file__).parent
    ranks = {tests / name: rank for rank, name in enumerate(LONGEST)}
    places = {tests / name: marks for name, marks in BY_PLACE.items()}
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        marks = {mark for name in used & set(BY_FIXTURE) for mark in BY_FIXTURE[name]}
        marks |= {mark for place in (item.path, *item.path.parents) for mark in places.get(place, ())}
        marks |= {"slow"} if item.path in ranks else set()
        for mark in sorted(marks):
            item.add_marker(mark)
    items.sort(key=lambda item: ranks.get(item.path, len(LONGEST)))


Made = TypeVar("Made")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """What `make` makes in a folder, once for all workers, which leave it as it is."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"{name}-made-once"
    kept = folder / "screened.pickle"
    with exclusive(folder.with_suffix(".lock"), name, f"{name}: {{holder}}", SECONDS_TO_MAKE):
        if not kept.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            kept.write_bytes(pickle.dumps(make(folder)))
    made: Made = pickle.loads(kept.read_bytes())
    return made


def own(factory: pytest.TempPathFactory, name: str, made: Screened) -> Screened:
    """The same with a copy of its home, for one worker."""
    return replace(made, home=made.copy(factory.mktemp(name) / "home"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An empty home, whose path needs to be quoted wherever it is used."""
    yield Home(tmp_path / "it's a [home]").prepare()
    disconnect()


@pytest.fixture(autouse=True, scope="module")
def _disconnected() -> Iterator[None]:
    yield
    disconnect()


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """An empty folder for exports."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """A small example company, screened once; tests only read it."""

    def make(folder: Path) -> Screened:
        generate(150, 400, 3, folder / "exports")
        return screen(Home(folder / "home"), folder / "exports")

    return own(tmp_path_factory, "example", made_once(tmp_path_factory, "example", make))


@pytest.fixture(scope="session")
def delivered_in_parts(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> InParts:
    """The example's exports in two parts, under its scorecard; tests copy what they go on from."""
    return made_once(tmp_path_factory, "in-parts", lambda folder: in_parts.make(example, folder))


@pytest.fixture(scope="session")
def wholesaler_exports() -> Path:
    if not WHOLESALER.is_dir():
        pytest.skip(f"the real wholesaler's year is not at {WHOLESALER}")
    return WHOLESALER


@pytest.fixture(scope="session")
def year(example: Screened, wholesaler_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """The real wholesaler's year, screened once; tests leave it as it was."""

    def make(folder: Path) -> Screened:
        return screen(example.begin(folder / "home"), wholesaler_exports, date(2011, 12, 9))

    return own(tmp_path_factory, "year", made_once(tmp_path_factory, "year", make))
