"""Sessions with a PostgreSQL server, from an Airflow connection; they fail in one line without secrets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from thermocline.company.secrets import Connection, connection
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.publishing.targets import TargetFailed

SETTINGS = "-c timezone=UTC -c datestyle=ISO,YMD -c extra_float_digits=1 -c client_min_messages=warning"
DEFAULTS = {
    "application_name": "thermocline",
    "connect_timeout": "10",
    # A server that vanished is noticed within a minute, also in the middle of a COPY.
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
Session = psycopg.Connection[tuple[Any, ...]]


def parameters(home: Home, connection_id: str) -> dict[str, Any]:
    """Return the parameters for opening a session. Raise TargetFailed where the connection can't be read."""
    try:
        return _parameters(connection(home, connection_id))
    except ThermoclineError as error:
        raise TargetFailed(str(error)) from error


@contextmanager
def session(connection_id: str, given: dict[str, Any]) -> Iterator[Session]:
    """Open a session in autocommit mode. Raise TargetFailed, naming the target's connection."""
    try:
        with closing(psycopg.connect(**given, autocommit=True)) as opened:
            yield opened
    except psycopg.Error as error:
        raise TargetFailed(f"connection {connection_id}: {words(error)}") from error


def words(error: psycopg.Error) -> str:
    """Return the error's first line, without the rows that it may quote."""
    lines = str(error.diag.message_primary or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _parameters(found: Connection) -> dict[str, Any]:
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    given = {
        "host": found.host,
        "port": found.port,
        "dbname": found.schema,
        "user": found.login,
        "password": found.password,
        **{key: str(value) for key, value in found.extra.items() if key in known},
    }
    options = " ".join(filter(None, [str(given.get("options") or ""), SETTINGS]))
    return {**DEFAULTS, **{key: value for key, value in given.items() if value}, "options": options}
