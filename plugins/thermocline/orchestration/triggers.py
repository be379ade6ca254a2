"""Triggers of the sensors: they poll in the triggerer, so that a wait takes no slot and no process."""

import asyncio
import logging
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from thermocline.home import Home
from thermocline.orchestration.arrivals import covers, delivers, is_quiet

READY, LATE, TROUBLE = "ready", "late", "trouble"
POLL_SECONDS = 3.0
# Listing a bucket is charged for, and servers limit the rate of requests.
POLL_ELSEWHERE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Wait(BaseTrigger):
    """Ask for `system` every few seconds, from `since` to `until` (seconds since the epoch).

    The event is [READY, ""], [LATE, ""], or [TROUBLE, the error] if asking itself failed: the task then
    asks once more itself, so that the error appears in its own log.
    """

    def __init__(self, system: str, since: float, until: float) -> None:
        super().__init__()
        self.system = system
        self.since = since
        self.until = until

    @abstractmethod
    def outcome(self) -> str | None:
        """Return READY, LATE, or None to ask again."""

    def rest_seconds(self) -> float:
        """Return how long to wait before asking again."""
        return POLL_SECONDS

    def arguments(self) -> dict[str, Any]:
        return {"system": self.system, "since": self.since, "until": self.until}

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        return f"{kind.__module__}.{kind.__qualname__}", self.arguments()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        outcome, reason = None, ""
        while outcome is None:
            try:
                if time.time() >= self.since:
                    outcome = await asyncio.to_thread(self.outcome)
            except Exception as error:
                log.exception("asking for the files of %s failed", self.system)
                outcome, reason = TROUBLE, f"{type(error).__name__}: {error}"
            if outcome is None and time.time() >= self.until:
                outcome = LATE
            if outcome is None:
                await asyncio.sleep(await asyncio.to_thread(self.rest_seconds))
        yield TriggerEvent([outcome, reason])


class FilesPending(Wait):
    """Wait until complete files of `system` are ready to be landed."""

    def outcome(self) -> str | None:
        from thermocline.landing.outstanding import pending

        return READY if pending(Home.current(), self.system) else None

    def rest_seconds(self) -> float:
        from thermocline.landing.outstanding import is_elsewhere

        return POLL_ELSEWHERE_SECONDS if is_elsewhere(Home.current(), self.system) else POLL_SECONDS


class DayCovered(Wait):
    """Wait until the deliveries of `system` cover `day` (ISO date), or until `hour` (epoch seconds).

    The hour is postponed, at most to `until`, while files are arriving and before the first has arrived.
    """

    def __init__(self, system: str, until: float, day: str, hour: float) -> None:
        super().__init__(system, 0.0, until)
        self.day = day
        self.hour = hour

    def arguments(self) -> dict[str, Any]:
        return {"system": self.system, "until": self.until, "day": self.day, "hour": self.hour}

    def outcome(self) -> str | None:
        home = Home.current()
        if covers(home, self.system, date.fromisoformat(self.day)):
            return READY
        now = time.time()
        over = now >= self.until or (now >= self.hour and is_quiet(home))
        return LATE if over or not delivers(home, self.system) else None
