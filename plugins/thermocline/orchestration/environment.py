"""The settings Airflow runs with, by environment variables: there is no airflow.cfg to maintain."""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT, Home
from thermocline.locks import exclusive
from thermocline.orchestration.calendar import time_zone
from thermocline.orchestration.database import is_prepared
from thermocline.orchestration.lifeline import SECONDS_TO_END
from thermocline.surroundings import without_others

LOOPBACK = "127.0.0.1"


def process_environment(home: Home) -> dict[str, str]:
    """Return all variables of a process that runs Airflow for this home: the system's, then its settings.

    Raises InputError as `environment` does.
    """
    return without_others(os.environ) | environment(home)


def environment(home: Home) -> dict[str, str]:
    """Return every setting of a process that runs Airflow for this home.

    Raises InputError where the company's time zone or hour can't be read.
    """
    airflow, keys = home.airflow, kept_keys(home)
    # Without this file Airflow would write one, and keep today's defaults for ever.
    (airflow / "airflow.cfg").touch()
    settings: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": PROJECT / "dags",
            "plugins_folder": PROJECT / "plugins",
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "fernet_key": keys["fernet_key"],
            "default_timezone": time_zone(home).key,
            "executor": "LocalExecutor",
            # LocalExecutor forks all its workers at start, 140 MB each.
            "parallelism": 4,
            "simple_auth_manager_users": "admin:admin",
            "simple_auth_manager_all_admins": False,
            "simple_auth_manager_passwords_file": passwords_file(home),
        },
        "database": {"sql_alchemy_conn": sqlite_address(airflow / "airflow.db")},
        "logging": {"base_log_folder": airflow / "logs", "logging_level": "WARNING"},
        "api": {"host": LOOPBACK, "workers": 1, "secret_key": keys["secret_key"]},
        "api_auth": {"jwt_secret": keys["jwt_secret"]},
        # A first load of many years may take longer than the ten minutes of a default token.
        "execution_api": {"jwt_expiration_time": 86400},
        # A task whose worker was killed is retried after 36 s instead of five minutes.
        "scheduler": {"task_instance_heartbeat_timeout": 45, "orphaned_tasks_check_interval": 30},
    }
    named = {
        f"AIRFLOW__{section}__{key}".upper(): str(value)
        for section, keys in settings.items()
        for key, value in keys.items()
    }
    unproxied = ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"]))
    return named | {
        "AIRFLOW_HOME": str(airflow),
        "AIRFLOW_CONFIG": str(airflow / "airflow.cfg"),
        "THERMOCLINE_HOME": str(home.root),
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
        "NO_PROXY": unproxied,
        "no_proxy": unproxied,
    }


def sqlite_address(path: Path) -> str:
    """Return the URL of a SQLite database, whatever characters its path holds."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(path)).render_as_string()


def kept_keys(home: Home) -> dict[str, str]:
    """The keys that all of Airflow's processes share, made once for each home."""
    return kept(
        home.airflow / "keys.json",
        lambda: {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "secret_key": secrets.token_urlsafe(32),
            "jwt_secret": secrets.token_urlsafe(64),
        },
    )


def kept_password(home: Home) -> str:
    """The password of the web page's one user, `admin`, made once for each home."""
    return kept(passwords_file(home), lambda: {"admin": secrets.token_urlsafe(12)})["admin"]


def kept(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What the private file `path` holds; written with what `make` gives if it isn't there."""
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(make()))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return json.loads(path.read_text())


def passwords_file(home: Home) -> Path:
    """Where the web page's generated password is kept."""
    return home.airflow / "passwords.json"


def prepare(home: Home) -> None:
    """Make or migrate Airflow's database, in a process of its own, where that isn't done yet.

    Raises ThermoclineError with the log's path where it fails.
    """
    if is_prepared(home):
        return
    log = home.airflow / "prepare.log"
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "thermocline.orchestration.database"],
            env=process_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise ThermoclineError(f"Airflow's database could not be prepared: read {log}")


def only_airflow(home: Home, purpose: str) -> AbstractContextManager[int]:
    """Be the one Airflow of this home; gives the lock's file number, for children to hold too.

    Two schedulers of one database, or a run by hand beside one, would each run the other's tasks.
    Raises WarehouseBusy, naming the other one.
    """
    busy = f"{home.root} is in use by {{holder}}: let it do the work, or end it and run again"
    lock = home.airflow / "in-use.lock"
    # A process that was just killed takes a moment to end; what it started ends itself.
    return exclusive(lock, purpose, busy, wait_seconds=1, leaving_seconds=2 * SECONDS_TO_END)
