"""The warehouse: one DuckDB file with one writer, and the limits every connection keeps."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from thermocline.company import settings as company
from thermocline.errors import WarehouseBusy
from thermocline.home import Home
from thermocline.sql import literal, quoted

_HELD = re.compile(
    r'lock on file "(?P<file>.+)": Conflicting lock is held in (?P<program>.+) \(PID (?P<pid>\d+)\)'
)


def limits(home: Home) -> dict[str, str]:
    """DuckDB's bounds as the company sets them, which leave room for Airflow and the gate beside it."""
    known = company.read(home) or company.Company("EUR")
    return {
        "memory_limit": f"{known.memory_gb}GB",
        "max_temp_directory_size": f"{known.temporary_gb}GB",
        "threads": str(known.threads),
    }


def settings(home: Home) -> dict[str, str | bool | int | float | list[str]]:
    """The settings of every connection. Raises InputError for a configuration that doesn't hold."""
    return {
        **limits(home),
        "temp_directory": str(home.scratch / "duckdb"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # Where DuckDB expects few rows it would join the nearest earlier one by a loop, which doesn't
        # end where it was wrong.
        "asof_loop_join_threshold": 0,
    }


def connect(home: Home, path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `path` (the home's warehouse by default). Writers hold `Home.writer` first.

    Raises WarehouseBusy, naming the process, where another one has the file open.
    """
    with naming_holder():
        connection = duckdb.connect(str(path or home.warehouse), read_only=read_only, config=settings(home))
    connection.execute("set TimeZone = 'UTC'")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: str = "read_only") -> None:
    """Attach a DuckDB file as database `name`. Raises WarehouseBusy as `connect` does."""
    with naming_holder():
        connection.execute(f"attach {literal(path)} as {quoted(name)} ({options})")


@contextmanager
def naming_holder() -> Iterator[None]:
    """Raise WarehouseBusy where DuckDB can't open a file because another process has it open."""
    try:
        yield
    except duckdb.IOException as error:
        held = _HELD.search(str(error))
        if held is None:
            raise
        program = Path(held["program"]).name
        raise WarehouseBusy(
            f"{held['file']} is open in process {held['pid']} ({program}): close it there, then run again"
        ) from None
