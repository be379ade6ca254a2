"""The project's models as dbt compiled them, run without dbt: whole, or for what changed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from thermocline import freshness, transformation

# What a scorecard decides is made whole when it changes; see should_full_refresh in macros/incremental.sql.
SCREENED = ("events", "accounts", "bodies", "sums", "paths", "screened")
_MADE = re.compile(r'"[a-z_]+__dbt_tmp\d*"')


@dataclass(frozen=True)
class Model:
    """A seed or model: its SQL whole and, if incremental, for what changed, and how that is put in place."""

    name: str
    relation: str
    materialized: str
    whole: str
    partial: str = ""
    rewrite: str = ""
    screened: bool = False


def read(whole: Path, partial: Path) -> list[Model]:
    """In the order of their references, from dbt's target folders after a build of each form."""
    manifest = json.loads((partial / "manifest.json").read_text(encoding="utf-8"))
    nodes = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")
    }
    models, waiting = [], dict(nodes)
    while waiting:
        ready = [
            name
            for name, node in waiting.items()
            if not any(parent in waiting for parent in node["depends_on"].get("nodes", []))
        ]
        for name in sorted(ready):
            models.append(_model(waiting.pop(name), whole, partial))
    return models


def _model(node: dict[str, str], whole: Path, partial: Path) -> Model:
    relation = f"{node['schema']}.{node['name']}"
    if node["resource_type"] == "seed":
        file = transformation.DBT_PROJECT / node["original_file_path"]
        return Model(node["name"], relation, "seed", f"from read_csv('{file}', header = true)")
    config = node["config"]
    path = Path("thermocline") / node["original_file_path"]
    forms = [(folder / "compiled" / path).read_text(encoding="utf-8") for folder in (whole, partial)]
    if config["materialized"] != "incremental":
        return Model(node["name"], relation, config["materialized"], forms[0])
    rewrite = _MADE.sub("made", (partial / "run" / path).read_text(encoding="utf-8"))
    assert "delete from" in rewrite, f"{node['name']} was not built by increments"
    return Model(
        node["name"], relation, "incremental", *forms, rewrite, config["meta"]["rewrites"] in SCREENED
    )


def build(connection: duckdb.DuckDBPyConnection, models: list[Model], rebuilt: str) -> None:
    """Make every table, whole or by what changed, as dbt would with `config.run.rebuilt` of that value."""
    for _ in steps(connection, models, rebuilt):
        pass


def steps(connection: duckdb.DuckDBPyConnection, models: list[Model], rebuilt: str) -> Iterator[Model]:
    """Make one table after the other; gives each model once it is made, so that a caller may stop."""
    for model in models:
        whole = rebuilt == freshness.ALL or (rebuilt == freshness.SCREENING and model.screened)
        if model.materialized == "view":
            connection.execute(f"create or replace view {model.relation} as {model.whole}")
        elif model.materialized != "incremental" or whole:
            connection.execute(f"create or replace table {model.relation} as {model.whole}")
        else:
            connection.execute(
                f"begin; create or replace temp table made as {model.partial}; {model.rewrite}; commit"
            )
        yield model
