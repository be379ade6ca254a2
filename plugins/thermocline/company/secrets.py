"""Secrets: Airflow connections, in a task, on the command line, and without a running Airflow."""

import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any

from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home
from thermocline.surroundings import forget, without_others


@dataclass(frozen=True)
class Connection:
    """The fields of an Airflow connection; its text never shows secrets."""

    connection_id: str
    host: str | None = field(default=None, repr=False)
    port: int | None = field(default=None, repr=False)
    schema: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)


def connection(home: Home, connection_id: str) -> Connection:
    """The Airflow connection of this id.

    In a task Airflow gives it; elsewhere it is looked up as Airflow would: the environment variable
    AIRFLOW_CONN_<ID>, else the home's Airflow database. Raises InputError where there is none.
    """
    try:
        found = _in_task(connection_id) if _is_task() else _outside(home, connection_id)
        extra = dict(found.extra_dejson) if found else {}
    except ThermoclineError:
        raise
    except Exception:
        # The library's message may quote the secret.
        raise InputError(f"the Airflow connection {connection_id} can't be read: create it again") from None
    if found is None:
        raise InputError(
            f"there is no Airflow connection {connection_id}: add it on Airflow's page under Admin, "
            f"Connections, or set the environment variable {_variable(connection_id)}"
        )
    return Connection(
        connection_id,
        found.host or None,
        found.port,
        found.schema or None,
        found.login or None,
        found.password or None,
        extra,
    )


def _variable(connection_id: str) -> str:
    return f"AIRFLOW_CONN_{connection_id.upper()}"


def _is_task() -> bool:
    return hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS")


def _in_task(connection_id: str) -> Any:
    from airflow.sdk import Connection as TaskConnection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return TaskConnection.get(connection_id)
    except AirflowNotFoundException:
        return None


def _outside(home: Home, connection_id: str) -> Any:
    from thermocline.company.airflow_settings import environment

    if "airflow" not in sys.modules:
        # Airflow reads its settings once, when it is first imported.
        forget(tuple(name for name in os.environ if name not in without_others(os.environ)))
        os.environ.update(environment(home))
    from airflow.sdk import Connection as AnyConnection

    written = os.environ.get(_variable(connection_id))
    if written is None:
        return _in_database(connection_id)
    try:
        if written.lstrip().startswith("{"):
            return AnyConnection.from_json(written, conn_id=connection_id)
        return AnyConnection.from_uri(written, conn_id=connection_id)
    except Exception:
        # Its message may contain the secret.
        raise InputError(
            f"{_variable(connection_id)} isn't a connection: write it as a URI or as JSON, as Airflow does"
        ) from None


def _in_database(connection_id: str) -> Any:
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models import Connection as StoredConnection

    try:
        return StoredConnection.get_connection_from_secrets(connection_id)
    except AirflowNotFoundException:
        return None


def is_connection_id(text: str) -> bool:
    """Return whether a text may name a connection, also in an environment variable."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None
