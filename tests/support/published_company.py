"""A company of two candidates, the first published, and its targets."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from made_company import Begun
from postgres_server import Database, Server, serving
from thermocline.home import Home


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    return Begun.make(tmp_path_factory.mktemp("original") / "home")


@pytest.fixture
def begun(original: Begun, tmp_path: Path) -> Begun:
    return original.copy(tmp_path / "begun")


@pytest.fixture(scope="session")
def processes() -> BaseContext:
    """Starts processes that may be killed, cheaply and without this one's threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "thermocline.publishing.publication",
            "thermocline.publishing.targets.postgres",
            "thermocline.audit.verification",
            # Looks connections up.
            "airflow.sdk",
        ]
    )
    return context


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database, which Airflow connection `bi` leads to."""
    made = server.database()
    monkeypatch.setenv("AIRFLOW_CONN_BI", made.uri)
    return made


@pytest.fixture
def with_postgres(home: Home, database: Database) -> Home:  # noqa: ARG001
    """A home with a PostgreSQL target."""
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - kind: postgres\n    connection: bi\n"
    )
    return home
