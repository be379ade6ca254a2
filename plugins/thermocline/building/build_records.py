"""What a build leaves for an auditor: dbt's manifest and results, schemas, reconciliation and scorecards."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from thermocline import warehouse
from thermocline.building import transformation
from thermocline.home import Home
from thermocline.ledger.records import keep

TABLES = {"reconciliation": "gate.reconciliation", "scorecards": "reporting.scorecards"}

UNTIMELY = (
    "created_at",
    "generated_at",
    "invocation_id",
    "invocation_started_at",
    "run_started_at",
    "env",
    "root_path",
)


def keep_build(home: Home, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Keep the records of the build that stands in the warehouse; SHA-256 by name of record."""
    folder = transformation.target_folder(home)
    kept = {
        "manifest": keep(home, _timeless(json.loads((folder / "manifest.json").read_bytes()))),
        "results": keep(home, _results(folder)),
        "schemas": keep(home, _schemas(connection)),
    }
    for name, table in TABLES.items():
        cursor = connection.execute(f"select * from {table} order by all")
        columns = [column[0] for column in cursor.description or ()]
        rows = [
            {column: None if cell is None else str(cell) for column, cell in zip(columns, row, strict=True)}
            for row in cursor.fetchall()
        ]
        kept[name] = keep(home, rows)
    return kept


def _timeless(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _timeless(value) for name, value in content.items() if name not in UNTIMELY}
    return [_timeless(value) for value in content] if isinstance(content, list) else content


def _results(folder: Path) -> list[dict[str, Any]]:
    """What dbt says of each node."""
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    found: dict[str, Mapping[str, Any]] = {result["unique_id"]: result for result in results}
    return [
        {key: found[name].get(key) for key in ("unique_id", "status", "failures", "compiled_code")}
        for name in sorted(found)
    ]


def _schemas(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, dict[str, str]]]:
    schemas: dict[str, dict[str, dict[str, str]]] = {}
    for schema, table, column, kind in connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = current_database() order by all"
    ).fetchall():
        schemas.setdefault(schema, {}).setdefault(table, {})[column] = kind
    return schemas


def failing_record(home: Home, test: str) -> str | None:
    """The first record that a failed data test found, as `column value` pairs; how many more there are."""
    results = json.loads(
        (transformation.target_folder(home) / "run_results.json").read_text(encoding="utf-8")
    )["results"]
    query = next((result["compiled_code"] for result in results if result["unique_id"] == test), None)
    if not query:
        return None
    with closing(warehouse.connect(home, read_only=True)) as connection:
        cursor = connection.execute(f"select * from ({query}) as found order by all")
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    if not rows:
        return None
    told = ", ".join(f"{name} {value}" for name, value in zip(names, rows[0], strict=True))
    return " ".join(told.split()) + (f"; {len(rows) - 1} more" if len(rows) > 1 else "")
