"""Where a run takes place changes nothing: names of folders, other projects' variables, other processes.

The exports are two invoices, 100 and 300 EUR, as case 22 has them.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest
from screened import Screened, screen
from thermocline import warehouse
from thermocline.audit.verification import verify
from thermocline.command import cli
from thermocline.company.airflow_settings import environment, process_environment
from thermocline.errors import InputError, WarehouseBusy
from thermocline.gate import suites
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.publishing import publication

DAY = date(2026, 6, 30)
LINES = (
    "Invoice Number,Invoice Date,Customer ID,Customer Name,Quantity,Unit Price,Line Total,Currency\n"
    '1,2026-06-06,C1,O\'Brien "Tools",1,100.00,100.00,EUR\n'
    "2,2026-06-07,C2,Söhne & Co,1,300.00,300.00,EUR\n"
)
ODD = 'O\'Brien & "Söhne" [prod] a=1* %41 %(x)s ; {{ a }} ~,:!'
"""Every kind of character that a home may have in its path."""

OTHERS = {
    "DBT_TARGET": "prod",
    "DBT_PROFILES_DIR": "/nowhere",
    "DBT_FULL_REFRESH": "true",
    "DBT_DEFER": "true",
    "DBT_STATE": "/nowhere",
    "DBT_FAIL_FAST": "true",
    "DBT_EMPTY": "true",
    "DBT_EVENT_TIME_START": "2020-01-01",
    "DBT_EVENT_TIME_END": "2020-01-02",
    "DBT_WARN_ERROR": "true",
    "DBT_TARGET_PATH": "/nowhere",
    "DBT_INDIRECT_SELECTION": "empty",
    "DBT_ENGINE_TARGET": "prod",
    "GX_CLOUD_ACCESS_TOKEN": "another project's",
    "GX_ANALYTICS_ENABLED": "true",
}
"""What another project may have set for dbt and Great Expectations."""


def delivered(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "lines 2026-06-30.csv").write_text(LINES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def plain(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """The company in a folder with a plain name."""
    folder = tmp_path_factory.mktemp("plain")
    return screen(example.begin(folder / "home"), delivered(folder / "exports"), DAY)


def test_22_odd_paths_and_other_projects_variables_publish_the_same(
    example: Screened, plain: Screened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    home = example.begin(tmp_path / ODD / "home")
    (home.config / "overrides.csv").write_text(
        "account_id,temperature,reason,approver,valid_from,valid_until\n", encoding="utf-8"
    )
    odd = screen(home, delivered(tmp_path / "O'Brien & Söhne [prod] #1?" / "$HOME\\x * \n=1"), DAY)
    assert odd.published.content_hash == plain.published.content_hash
    assert [tuple(map(str, row)) for row in odd.rows("select sum(revenue_365d) from account_segments")] == [
        ("400.0000",)
    ]
    assert verify(home).exit_code == 0


@pytest.mark.parametrize("character", ["#", "?", "$", "\\", "\n", "\t", "\x1b", "\udcff"])
def test_a_home_that_a_library_would_read_otherwise_is_refused_in_one_line(
    character: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(tmp_path / f"a{character}b"))
    with pytest.raises(InputError, match="THERMOCLINE_HOME"):
        Home.current()
    assert cli.main(["sources"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("thermocline: THERMOCLINE_HOME ") and "name a folder without" in line
    assert not list(tmp_path.iterdir())


def test_a_folder_of_exports_that_is_not_there_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", f"--exports={tmp_path}/a\nb"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "there is no folder" in line


@pytest.mark.parametrize("name", [ODD, "#?\\", "100%", "%2F", "a b+c@d"])
def test_airflows_database_is_the_one_in_the_home_whatever_its_name(name: str, tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    home = Home(tmp_path / name).prepare()
    engine = create_engine(environment(home)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    with engine.begin() as connection:
        connection.exec_driver_sql("create table here (a integer)")
    engine.dispose()
    with closing(sqlite3.connect(home.airflow / "airflow.db")) as found:
        assert found.execute("select count(*) from here").fetchone() == (0,)


def test_airflow_runs_without_other_projects_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home").prepare()
    for name in (
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS",
        "AIRFLOW_CTX_DAG_ID",
        "AIRFLOW_VAR_X",
        "DBT_TARGET",
        "GX_CLOUD_ACCESS_TOKEN",
        "PYTHONPATH",
        "PYTHONWARNINGS",
    ):
        monkeypatch.setenv(name, "another project's")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://elsewhere/airflow")
    monkeypatch.setenv("AIRFLOW_CONN_BI", "postgres://bi")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "a.backend")
    monkeypatch.setenv("OPENLINEAGE_URL", "https://lineage.example")
    found = process_environment(home)
    assert "another project's" not in found.values()
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:")
    assert found["AIRFLOW_CONN_BI"] == "postgres://bi"
    assert found["AIRFLOW__SECRETS__BACKEND"] == "a.backend"
    assert found["OPENLINEAGE_URL"] == "https://lineage.example"
    assert found["PATH"] == os.environ["PATH"]


def test_great_expectations_sees_no_settings_of_another_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GX_CLOUD_ACCESS_TOKEN", "another project's")
    suites.context()
    assert "GX_CLOUD_ACCESS_TOKEN" not in os.environ
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


HOLD_DUCKDB = "import duckdb, sys; held = duckdb.connect(sys.argv[1])"
HOLD_SQLITE = (
    "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None); "
    "held.execute('begin immediate')"
)


@contextmanager
def held(path: Path, how: str) -> Iterator[int]:
    """Have a file open in another process; its id."""
    with subprocess.Popen(
        [sys.executable, "-c", f"{how}; print('held', flush=True); sys.stdin.read()", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        try:
            yield other.pid
        finally:
            other.kill()


def test_a_warehouse_that_another_process_has_open_is_named_with_it(plain: Screened, tmp_path: Path) -> None:
    home = plain.copy(tmp_path / "a=1 [b] 'c'")
    with held(home.warehouse, HOLD_DUCKDB) as process:
        for read_only in (False, True):
            with pytest.raises(WarehouseBusy, match=rf"process {process} ") as busy:
                warehouse.connect(home, read_only=read_only)
            assert busy.value.exit_code == 2
            assert str(busy.value).startswith(f"{home.warehouse} is open in process")
            assert "\n" not in str(busy.value)
    warehouse.connect(home).close()


def test_a_publication_that_another_process_has_open_is_named_with_it(
    plain: Screened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is read-only for all but the system's administrator, who may write."""
    home = plain.copy(tmp_path / "home")
    file = publication.database(home)
    file.resolve().chmod(0o644)
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    with held(file, HOLD_DUCKDB) as process:
        with pytest.raises(WarehouseBusy, match=rf"process {process} "):
            publication.current(home)
        assert cli.main(["explain", "C1"]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert f"process {process} " in line
    assert publication.current(home) is not None


def test_a_manifest_that_another_process_has_locked_is_named_with_it(
    plain: Screened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = plain.copy(tmp_path / "home")
    monkeypatch.setattr(manifest, "BUSY_SECONDS", 0.1)
    with (
        held(home.landing / "manifest.sqlite", HOLD_SQLITE) as process,
        pytest.raises(WarehouseBusy, match=rf"manifest.sqlite is locked by process {process} ") as busy,
        manifest.opened(home) as opened,
    ):
        opened._connection.execute("begin immediate")
    assert busy.value.exit_code == 2
    with duckdb.connect(str(home.warehouse), read_only=True) as free:
        assert free.execute("select 1").fetchone() == (1,)
