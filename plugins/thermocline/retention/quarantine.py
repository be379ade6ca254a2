"""Quarantined values: blanked once their file is old; file, record, column, reason and money stay.

The rows themselves are never removed: rows read must remain rows loaded and rows quarantined.
"""

from contextlib import closing
from datetime import datetime

from thermocline import warehouse
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.ledger.pruned import Due, Removed

LOST = "the text of cells that could not be read; where they stood, why, and their money stay"

_OLD = r"""
from raw.quarantine
where file_id in (select unnest($files)) and not regexp_full_match(value, '\(pruned on [0-9-]{10}\)')
"""


def prune(due: Due) -> Removed:
    """Blank the values of files landed before the moment; reporting shows it from the next build on."""
    files = _old(due.home, due.before)
    number = size = 0
    if files:
        with closing(warehouse.connect(due.home, read_only=due.dry_run)) as connection:
            found = connection.execute(
                "select 1 from information_schema.tables where table_schema = 'raw' "
                "and table_name = 'quarantine'"
            ).fetchone()
            if found:
                counted = connection.execute(
                    f"select count(*), coalesce(sum(strlen(value)), 0) {_OLD}", {"files": files}
                ).fetchone()
                number, size = counted or (0, 0)
            if number and not due.dry_run:
                connection.execute(
                    _OLD.replace("from raw.quarantine", "update raw.quarantine set value = $words"),
                    {"files": files, "words": f"(pruned on {due.today})"},
                )
    return Removed("quarantined values", number, int(size), LOST)


def _old(home: Home, before: datetime) -> list[int]:
    if not manifest.exists(home) or not home.warehouse.exists():
        return []
    with manifest.opened(home) as book:
        return [file.file_id for file, at in book.landed_at() if at < before]
