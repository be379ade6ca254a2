"""The project's models as dbt compiled them, run without dbt."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from thermocline.building import transformation


@dataclass(frozen=True)
class Model:
    """A seed or model: where it stands, as a table or view, and its SQL."""

    name: str
    relation: str
    materialized: str
    sql: str


def read(target: Path) -> list[Model]:
    """Every model in the order of their references, from dbt's target folder after a build."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    waiting = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")
    }
    models = []
    while waiting:
        ready = [
            name
            for name, node in waiting.items()
            if not any(parent in waiting for parent in node["depends_on"].get("nodes", []))
        ]
        models += [_model(waiting.pop(name), target) for name in sorted(ready)]
    return models


def _model(node: dict[str, str], target: Path) -> Model:
    relation = f"{node['schema']}.{node['name']}"
    if node["resource_type"] == "seed":
        file = transformation.DBT_PROJECT / node["original_file_path"]
        return Model(node["name"], relation, "table", f"from read_csv('{file}', header = true)")
    compiled = target / "compiled" / "thermocline" / node["original_file_path"]
    sql = compiled.read_text(encoding="utf-8")
    return Model(node["name"], relation, node["config"]["materialized"], sql)


def steps(connection: duckdb.DuckDBPyConnection, models: list[Model]) -> Iterator[Model]:
    """Build one model after the other; yield each once it stands, so that a caller may stop."""
    for model in models:
        connection.execute(f"create or replace {model.materialized} {model.relation} as {model.sql}")
        yield model


def build(connection: duckdb.DuckDBPyConnection, models: list[Model]) -> None:
    """Build every model."""
    for _ in steps(connection, models):
        pass
