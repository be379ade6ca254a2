"""Whether the landed copy of every file that the ledger names is unchanged, or was pruned as recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.errors import ContentChanged
from thermocline.home import Home
from thermocline.ledger.pruned import Pruned, pruned_between
from thermocline.terminal import plain


def changed(home: Home, inputs: list[dict[str, Any]], known: Pruned) -> Iterator[ContentChanged]:
    """Yield an error per input whose copy is missing or changed, except pruned ones."""
    checked: dict[str, str] = {}
    for item in inputs:
        sha256 = item["sha256"]
        if sha256 in known.landing and not _copies(home, sha256):
            continue
        if sha256 not in checked:
            checked[sha256] = _problem(home, sha256)
        if checked[sha256]:
            yield ContentChanged(
                f"{checked[sha256]}, delivered as {plain(item['path'])} by "
                f"{item['source']}: restore it from a backup or from the export"
            )


def left_out(home: Home, inputs: list[dict[str, Any]], known: Pruned) -> Iterator[str]:
    """Yield a line on the copies that can't be checked because they were pruned."""
    landed = {item["sha256"] for item in inputs if item["sha256"] in known.landing}
    missing = [sha256 for sha256 in landed if not _copies(home, sha256)]
    if missing:
        days = pruned_between(known.landing[sha256].date() for sha256 in missing)
        yield f"{days}: {len(missing)} landed files, of which the ledger keeps the hashes"


def _copies(home: Home, sha256: str) -> list[Path]:
    return sorted((home.landing / sha256[:2]).glob(f"{sha256}*"))


def _problem(home: Home, sha256: str) -> str:
    folder = home.landing / sha256[:2]
    copies = _copies(home, sha256)
    if not copies:
        return f"landed file {folder / sha256} is missing"
    for copy in copies:
        found = durable.file_hash(copy)
        if found != sha256:
            return f"landed file {copy} was changed (SHA-256 now {found})"
    return ""
