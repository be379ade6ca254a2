"""The names of the published contract: tables, schemas, and what the hashes leave out."""

import re
from typing import Any

WAREHOUSE_SCHEMA = "reporting"
"""Schema of the warehouse that holds the tables to be published."""

GATE_SCHEMA = "gate"
"""Schema of the warehouse that holds what only the gate reads."""

REPORTING_SCHEMA = "reporting"
"""Schema of every target that readers see."""

PUBLICATION = "publication"
GATE_CHECKS = "gate_checks"
PUBLICATION_ID = "publication_id"

CORE = (
    "account_activity_monthly",
    "account_segments",
    "account_temperature_history",
    "account_timeline",
    "group_segments",
    PUBLICATION,
    "segment_summary",
    "segment_transitions",
)
"""Tables that every reader may rely on."""

HASHED = tuple(table for table in CORE if table != PUBLICATION)
"""Tables that the content hash covers; each must be in every candidate."""

MONTHLY = {"account_activity_monthly": "month", "account_timeline": "occurred_on"}
"""Event-grained tables, with the column whose month they are kept by where a target keeps months."""

STORABLE = (
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "DECIMAL",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "VARCHAR",
)
"""Column types that every target keeps to the last digit; no double is published."""

PUBLICATION_COLUMNS = {
    "publication_id": "varchar",
    "is_current": "boolean",
    "restores": "varchar",
    "as_of_date": "date",
    "published_at": "timestamp",
    "verdict": "varchar",
    "warnings": "integer",
    "accounts": "bigint",
    "hot": "bigint",
    "cold": "bigint",
    "unattributed_revenue": "decimal(18,4)",
    "quarantined_rows": "bigint",
    "scorecard_version": "integer",
    "code_version": "varchar",
    "inputs_digest": "varchar",
    "content_hash": "varchar",
    "ledger_hash": "varchar",
}
"""One row per publication that is kept; published_at is UTC, money in the reporting currency."""

GATE_CHECKS_COLUMNS = {
    "publication_id": "varchar",
    "rule": "varchar",
    "table_name": "varchar",
    "measure": "varchar",
    "severity": "varchar",
    "figure": "varchar",
    "bound": "varchar",
    "verdict": "varchar",
    "sentence": "varchar",
    "observed": "varchar",
}
"""One row per check that the gate made of this publication."""


def is_content(column: str) -> bool:
    """Return whether the content hash covers the column; it omits lineage and publication_id."""
    return column not in (PUBLICATION_ID, "delivery_id") and not column.startswith("source")


def is_storable(column_type: str) -> bool:
    """Return whether a DuckDB type is one of STORABLE, with any precision."""
    named = re.fullmatch(r"([A-Z ]+)(\(\d+, ?\d+\))?", column_type)
    return named is not None and named[1] in STORABLE


def columns_of(stored: Any) -> dict[str, str]:
    """Return types by column name from the pairs that a target stored; checked, as others may write there.

    Raises ValueError.
    """
    columns = {
        name: kind
        for name, kind in (stored if isinstance(stored, list) else [(None, None)])
        if isinstance(name, str) and isinstance(kind, str) and is_storable(kind)
    }
    if not columns or len(columns) != len(stored):
        raise ValueError("these aren't the columns of a table that a target holds")
    return columns
