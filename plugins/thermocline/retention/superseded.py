"""Candidates that a new publication has superseded: removed at once, whatever their age."""

import shutil

from thermocline.candidates.candidate import MANIFEST, Candidate
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.publishing import publication
from thermocline.retention.candidates import AWAY

NEWEST = 2
"""Candidates that stay whatever became of them; a run in progress may just have frozen one."""


def prune_superseded(home: Home, wait_seconds: float = 600) -> list[str]:
    """Remove all candidates but those of kept publications, of pending approvals, and the newest.

    Return the content hashes of the removed ones. Only data are removed: the ledger keeps every entry. Raise
    WarehouseBusy (a publisher is active), ContentChanged (the current publication can't be read).
    """
    with home.publishing("removing superseded candidates", wait_seconds):
        kept = {each.content_hash for each in publication.history(home)}
        current = publication.current(home)
        predecessor = current.publication_id if current else None
        frozen = sorted(
            (path for path in home.candidates.glob("[0-9a-f]*") if (path / MANIFEST).is_file()),
            key=lambda path: (path / MANIFEST).stat().st_mtime_ns,
        )
        removed = [
            path
            for path in frozen[:-NEWEST]
            if path.name not in kept and not _waits_for_approval(home, path.name, predecessor)
        ]
        for path in removed:
            # Renamed first: what is half removed is no candidate.
            away = path.with_name(f"{AWAY}{path.name}")
            path.rename(away)
            shutil.rmtree(away)
    return [path.name for path in removed]


def _waits_for_approval(home: Home, content_hash: str, predecessor: str | None) -> bool:
    """Return whether a person may still approve it: blocked for a shift only, and compared with the current
    publication.
    """
    try:
        verdict = Candidate.read(home, content_hash).read_verdict()
    except ThermoclineError:
        return False
    if verdict is None or verdict["predecessor"] != predecessor:
        return False
    blocks = [check for check in verdict["checks"] if check["verdict"] == "block"]
    return bool(blocks) and all(check.get("approvable") for check in blocks)
