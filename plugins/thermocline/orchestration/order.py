"""Whether a candidate is superseded: readers already have a later day, or a later build of its day."""

import json
from datetime import date
from typing import Any

from thermocline import durable
from thermocline.home import Home


def superseded_by(home: Home, candidate: dict[str, Any]) -> str | None:
    """Return why a candidate (as_of and built_at in ISO format) is superseded, or None if it isn't.

    A run of a past day, or a single cleared task, then succeeds without publishing.
    """
    from thermocline.publishing import publication

    published = publication.day_held(home)
    if published and published > date.fromisoformat(candidate["as_of"]):
        return (
            f"{published}, a later day, is already published: nothing is published; if that day is wrong, "
            f"run thermocline rollback {candidate['as_of']}"
        )
    try:
        last = json.loads((home.airflow / "last-published").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if last["as_of"] == candidate["as_of"] and last["built_at"] > candidate["built_at"]:
        return f"a later build of {last['as_of']} is already published: nothing is published"
    return None


def note_published(home: Home, candidate: dict[str, Any]) -> None:
    """Record the candidate as the last published one, for `superseded_by`."""
    record = {key: candidate[key] for key in ("as_of", "built_at", "content_hash")}
    durable.replace(home.airflow / "last-published", json.dumps(record).encode())
