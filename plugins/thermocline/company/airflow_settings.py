"""The settings Airflow runs with, by environment variables: there is no airflow.cfg to maintain."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from thermocline.company.settings import time_zone
from thermocline.home import PROJECT, Home
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
    # Without this file Airflow would write one, and keep the defaults of its present version for ever.
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
    """Return the keys that all of Airflow's processes share, created once per home."""
    return kept(
        home.airflow / "keys.json",
        lambda: {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "secret_key": secrets.token_urlsafe(32),
            "jwt_secret": secrets.token_urlsafe(64),
        },
    )


def kept_password(home: Home) -> str:
    """Return the password of the web page's one user, `admin`, created once per home."""
    return kept(passwords_file(home), lambda: {"admin": secrets.token_urlsafe(12)})["admin"]


def kept(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return the content of the private file `path`; a missing file is first written with `make()`."""
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(make()))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return json.loads(path.read_text())


def passwords_file(home: Home) -> Path:
    """Return the path of the file with the web page's generated password."""
    return home.airflow / "passwords.json"


def is_prepared(home: Home) -> bool:
    """Return whether the database was created by the installed version of Airflow, without importing it."""
    record = home.airflow / "database-version"
    return (
        (home.airflow / "airflow.db").exists()
        and record.exists()
        and record.read_text() == version("apache-airflow-core")
    )
