"""Whether reporting has gone on beyond a candidate, so that publishing it would turn it back."""

import json
from datetime import date
from typing import Any

from thermocline import durable
from thermocline.home import Home


def overtaken(home: Home, candidate: dict[str, Any]) -> str | None:
    """Why a candidate (as_of and built_at, in ISO format) is not to be published, if so.

    Reporting holds a later day, or a later build of its day: a run of a past day, or a task that
    is cleared on its own, ends well and publishes nothing.
    """
    from thermocline.publishing import publication

    held = publication.day_held(home)
    if held and held > date.fromisoformat(candidate["as_of"]):
        return (
            f"reporting already holds {held}, a later day: nothing is published; where that day is wrong, "
            f"thermocline rollback {candidate['as_of']} takes it back"
        )
    try:
        last = json.loads((home.airflow / "last-published").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if last["as_of"] == candidate["as_of"] and last["built_at"] > candidate["built_at"]:
        return f"reporting already holds a later build of {last['as_of']}: nothing is published"
    return None


def note_published(home: Home, candidate: dict[str, Any]) -> None:
    """Remember that the candidate is what reporting holds now."""
    told = {key: candidate[key] for key in ("as_of", "built_at", "content_hash")}
    durable.replace(home.airflow / "last-published", json.dumps(told).encode())
