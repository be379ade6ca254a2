"""What waiting tasks wait for, asked in the triggerer: no slot, no process, no state."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from thermocline.home import Home

READY, LATE, TROUBLE = "ready", "late", "trouble"
POLL_SECONDS = 3.0

log = logging.getLogger(__name__)


class Wait(BaseTrigger):
    """Asks `is_ready` every few seconds from `since` to `until` (seconds since the epoch).

    Its event is [READY, ""], [LATE, ""], or [TROUBLE, what went wrong] where asking itself failed:
    the task that waits ends with it, because a question that fails will fail again.
    """

    def __init__(self, system: str, until: float, since: float = 0.0) -> None:
        super().__init__()
        self.system = system
        self.until = until
        self.since = since

    def is_ready(self) -> bool:
        raise NotImplementedError

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        return (
            f"{kind.__module__}.{kind.__qualname__}",
            {"system": self.system, "until": self.until, "since": self.since},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(await self._outcome())

    async def _outcome(self) -> list[str]:
        while True:
            now = time.time()
            if now >= self.since:
                try:
                    if await asyncio.to_thread(self.is_ready):
                        return [READY, ""]
                except Exception as error:
                    log.exception("asking for %s failed", self.system)
                    return [TROUBLE, f"{type(error).__name__}: {error}"]
            if now >= self.until:
                return [LATE, ""]
            await asyncio.sleep(min(POLL_SECONDS, max(0.1, self.until - now)))


class FilesPending(Wait):
    """Until complete files of `system` wait to be landed."""

    def is_ready(self) -> bool:
        from thermocline.sources.landing import pending

        return pending(Home.current(), self.system) > 0


class DayCovered(Wait):
    """Until the deliveries of `system` cover `day` (ISO date)."""

    def __init__(self, system: str, until: float, since: float = 0.0, day: str = "") -> None:
        super().__init__(system, until, since)
        self.day = day

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path, arguments = super().serialize()
        return path, arguments | {"day": self.day}

    def is_ready(self) -> bool:
        return covers(Home.current(), self.system, date.fromisoformat(self.day))


def covers(home: Home, system: str, day: date) -> bool:
    """Whether the deliveries landed for `system` cover `day`."""
    from thermocline.sources.landing import covered_through

    through = covered_through(home, system)
    return through is not None and through >= day


def delivers(home: Home, system: str) -> bool:
    """Whether this company has an export of `system` at all."""
    from thermocline.sources.landing import configured

    return configured(home, system)
