"""Which build was published last, so that an older one of the same day doesn't replace it."""

import json
from typing import Any

from thermocline import durable
from thermocline.home import Home


def is_outdated(home: Home, candidate: dict[str, Any]) -> bool:
    """Whether a later build of the candidate's day was published; both have as_of and built_at."""
    try:
        last = json.loads((home.airflow / "last-published").read_text())
    except FileNotFoundError:
        return False
    same_day = last["as_of"] == candidate["as_of"]
    return same_day and bool(last["built_at"] > candidate["built_at"])


def note_published(home: Home, candidate: dict[str, Any]) -> None:
    """Remember that the candidate is what reporting holds now."""
    told = {key: candidate[key] for key in ("as_of", "built_at", "content_hash")}
    durable.replace(home.airflow / "last-published", json.dumps(told).encode())
