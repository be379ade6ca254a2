"""Names, texts and paths as parts of an SQL statement."""

from pathlib import Path


def quoted(*names: str) -> str:
    """A qualified SQL identifier."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str | Path) -> str:
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def exactly(path: str | Path) -> str:
    """The pattern that only this path fits: DuckDB's readers take a path for a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))


def parquet(*paths: Path) -> str:
    """A relation that reads exactly these parquet files, whatever their names hold."""
    files = ", ".join(literal(exactly(path)) for path in paths)
    # Else a folder called a=1 would be a column.
    return f"read_parquet([{files}], hive_partitioning = false)"
