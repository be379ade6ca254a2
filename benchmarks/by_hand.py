"""Runs `by_hand.sql`: python by_hand.py EXPORTS AS_OF DATABASE."""

import sys
from contextlib import closing
from pathlib import Path

import duckdb


def main(exports: str, as_of: str, database: str) -> None:
    Path(database).unlink(missing_ok=True)
    settings = {"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False}
    with closing(duckdb.connect(database, config=settings)) as connection:
        connection.execute("set variable exports = $folder", {"folder": exports})
        connection.execute("set variable as_of = $day::date", {"day": as_of})
        connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
