"""Changing the files of a candidate or a publication behind its back."""

from pathlib import Path

import duckdb


def rewrite(path: Path, query: str) -> None:
    """Replace a read-only parquet file by what the query makes of it."""
    changed = path.with_suffix(".changed")
    duckdb.sql(query.format(path=str(path).replace("'", "''").replace("[", "[[]"))).write_parquet(
        str(changed)
    )
    changed.replace(path)
