"""Column lineage: from each published column back to the raw and configured columns it is made of.

Read from the SQL that dbt compiled, by sqlglot, model by model, and then joined up along the models.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Column = tuple[str, str]
"""`schema.table` and column."""

Schemas = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Schema, table, column: DuckDB type."""


@dataclass
class Lineage:
    """columns: for each column of a model, the columns that it is directly made of.

    unresolved: columns whose SQL couldn't be followed, with the reason; the rest is complete.
    """

    columns: dict[Column, set[Column]] = field(default_factory=dict)
    unresolved: dict[Column, str] = field(default_factory=dict)

    def origins(self, table: str, column: str) -> set[Column]:
        """Return the columns outside the models that a column is made of, at any distance."""
        found: set[Column] = set()
        seen: set[Column] = set()
        left = [(table, column)]
        while left:
            at = left.pop()
            if at in seen:
                continue
            seen.add(at)
            if at in self.columns:
                left += self.columns[at]
            elif at not in self.unresolved:
                found.add(at)
        return found

    def passes_unresolved(self, table: str, column: str) -> set[Column]:
        """Return the unresolved columns on the way, behind which origins may be missing."""
        seen: set[Column] = set()
        left = [(table, column)]
        while left:
            at = left.pop()
            if at not in seen:
                seen.add(at)
                left += self.columns.get(at, ())
        return seen & set(self.unresolved)


def read(manifest: Mapping[str, Any], compiled: Mapping[str, str], schemas: Schemas) -> Lineage:
    """Return the lineage of every model in dbt's manifest; `compiled` is its SQL by unique id."""
    lineage = Lineage()
    for name, node in manifest["nodes"].items():
        if node["resource_type"] != "model":
            continue
        table = f"{node['schema']}.{node['name']}"
        columns = schemas.get(node["schema"], {}).get(node["name"], {})
        try:
            found = _of_model(compiled[name], columns, schemas)
        except Exception as error:
            # What a parser makes of one model is no reason to hide the others.
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            lineage.unresolved |= dict.fromkeys(((table, column) for column in columns), reason)
            continue
        for column in columns:
            if column in found:
                lineage.columns[table, column] = found[column]
            else:
                lineage.unresolved[table, column] = "the column isn't in the compiled SQL"
    return lineage


def _of_model(sql: str, columns: Mapping[str, str], schemas: Schemas) -> dict[str, set[Column]]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import MappingSchema

    expression = sqlglot.parse_one(sql, read="duckdb")
    for table in expression.find_all(exp.Table):
        table.set("catalog", None)
    read_tables = {(table.db, table.name) for table in expression.find_all(exp.Table) if table.db}
    known = MappingSchema(
        {
            schema: {name: dict(columns) for name, columns in tables.items() if (schema, name) in read_tables}
            for schema, tables in schemas.items()
            if any(part == schema for part, _ in read_tables)
        },
        dialect="duckdb",
    )
    qualified = qualify(
        expression, schema=known, dialect="duckdb", validate_qualify_columns=False, identify=False
    )
    scope = build_scope(qualified)
    found: dict[str, set[Column]] = {}
    for column in columns:
        root = lineage(
            column, qualified, dialect="duckdb", scope=scope, schema=known, trim_selects=False, copy=False
        )
        leaves: set[Column] = set()
        for node in root.walk():
            if isinstance(node.expression, exp.Table) and node.expression.db:
                leaves.add(
                    (f"{node.expression.db}.{node.expression.name}", node.name.split(".")[-1].strip('"'))
                )
        found[column] = leaves
    return found
