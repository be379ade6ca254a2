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


def is_prepared(home: Home) -> bool:
    """Whether the database on record was made by the installed version; costs no import."""
    record = home.airflow / "database-version"
    return (
        (home.airflow / "airflow.db").exists()
        and record.exists()
        and record.read_text() == version("apache-airflow-core")
    )
