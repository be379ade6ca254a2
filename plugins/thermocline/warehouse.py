"""The warehouse: one DuckDB file with one writer, and the limits every connection keeps."""

from pathlib import Path

import duckdb

from thermocline.home import Home

MEMORY_LIMIT = "4GB"


def settings(home: Home) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB settings that leave room for Airflow and the gate on the same machine."""
    return {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(home.scratch / "duckdb"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def connect(home: Home, path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `path` (the home's warehouse by default). Writers hold `Home.writer` first."""
    connection = duckdb.connect(str(path or home.warehouse), read_only=read_only, config=settings(home))
    connection.execute("set TimeZone = 'UTC'")
    return connection
