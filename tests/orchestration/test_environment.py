"""The settings Airflow runs with, its keys, and who may run it."""

import os
import socket
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from run_contexts import settle
from thermocline.company.airflow_settings import environment, kept_password
from thermocline.errors import InputError, ThermoclineError, WarehouseBusy
from thermocline.home import PROJECT, Home
from thermocline.orchestration import environment as module
from thermocline.orchestration.environment import only_airflow
from thermocline.orchestration.runs import run_dags
from thermocline.orchestration.serving import check_port, main, serve, served_environment


def test_everything_airflow_writes_lies_in_the_home(home: Home) -> None:
    settings = environment(home)
    assert settings["AIRFLOW_HOME"] == str(home.airflow)
    assert str(home.airflow) in settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert settings["AIRFLOW__LOGGING__BASE_LOG_FOLDER"].startswith(str(home.airflow))
    assert settings["THERMOCLINE_HOME"] == str(home.root)
    assert settings["AIRFLOW__CORE__DAGS_FOLDER"] == str(PROJECT / "dags")


def test_nothing_listens_beyond_this_machine(home: Home) -> None:
    settings = served_environment(home, 8081)
    assert settings["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"


def test_midnight_is_the_companys(home: Home) -> None:
    assert environment(home)["AIRFLOW__CORE__DEFAULT_TIMEZONE"] == "UTC"
    settle(home, "Europe/Berlin")
    assert environment(home)["AIRFLOW__CORE__DEFAULT_TIMEZONE"] == "Europe/Berlin"


def test_keys_and_password_are_created_once_and_are_private(home: Home) -> None:
    settings, password = environment(home), kept_password(home)
    assert environment(home) == settings
    assert kept_password(home) == password
    for name in ("keys.json", "passwords.json"):
        assert stat.S_IMODE((home.airflow / name).stat().st_mode) == 0o600
    other = Home(home.root / "other").prepare()
    assert kept_password(other) != password
    assert environment(other)["AIRFLOW__API_AUTH__JWT_SECRET"] not in settings.values()


def test_a_failed_preparation_names_its_log(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ThermoclineError, match=r"prepare\.log"):
        module.prepare(home)


HOLD = """
import sys
from thermocline.home import Home
from thermocline.orchestration.environment import only_airflow
with only_airflow(Home.current(), "a manual run"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_home_has_one_airflow_at_a_time(home: Home) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=os.environ | {"THERMOCLINE_HOME": str(home.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout and other.stdout.readline() == "locked\n"
        with pytest.raises(WarehouseBusy, match=f"process {other.pid} .a manual run") as busy:
            run_dags(home, None, date(2026, 3, 28), print)
        with pytest.raises(WarehouseBusy, match=f"process {other.pid}"), only_airflow(home, "x"):
            pass
        other.kill()
    assert busy.value.exit_code == 2
    with only_airflow(home, "the next"):
        pass


def test_a_taken_port_is_refused_before_anything_starts(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port} .*make up PORT=") as refusal:
            serve(home, port)
    assert refusal.value.exit_code == 2
    assert "\n" not in str(refusal.value)
    assert not (home.airflow / "airflow.db").exists()
    check_port(port)


@pytest.mark.parametrize("port", ["99999", "80a", "-1", ""])
def test_an_invalid_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([port]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"thermocline: port {port}" if port.isdecimal() else "thermocline: port '")


def test_the_plugins_folder_offers_airflow_no_plugin_files() -> None:
    from airflow._shared.module_loading import find_path_from_directory

    plugins = PROJECT / "plugins"
    assert list(plugins.rglob("*.py"))
    found = find_path_from_directory(str(plugins), ".airflowignore", "glob")
    assert [path for path in found if Path(path).suffix == ".py"] == []
