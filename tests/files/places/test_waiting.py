"""The waits of the DAGs, for files that lie on another machine."""

import asyncio
import time
from typing import Any

import pytest
from export_files import PAYMENTS, payment
from thermocline.landing.land import land
from thermocline.orchestration import arrivals, triggers

DAY = "2024-01-05"
PAYMENTS_OF_A_DAY = f"{PAYMENTS}\n{payment(1)}\n".encode()


def events(trigger: triggers.Wait) -> list[Any]:
    async def collect() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(collect())


@pytest.mark.parametrize("there", ["s3", "sftp"], indirect=True)
def test_a_days_delivery_on_another_machine_ends_both_waits(home, there, monkeypatch):
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    there.declare(home, monkeypatch)
    there.put("notes.pdf", b"no export")
    now = time.time()
    files = triggers.FilesPending("billing", now, now + 60)
    day = triggers.DayCovered("billing", now + 60, DAY, now + 60)
    assert (files.outcome(), day.outcome()) == (None, None)
    assert files.rest_seconds() == triggers.POLL_ELSEWHERE_SECONDS

    there.put(f"{DAY}/Payments.csv", PAYMENTS_OF_A_DAY)
    assert events(files) == [[triggers.READY, ""]]
    assert day.outcome() is None
    assert land(home, "billing").landed == 1
    arrivals.note_landing(home)
    assert events(day) == [[triggers.READY, ""]]
    assert files.outcome() is None


def test_a_place_that_refuses_ends_the_wait_with_its_reason(home, sftp, monkeypatch):
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    sftp.declare(home, monkeypatch, password="wrong-but-secret")
    now = time.time()
    [[outcome, reason]] = events(triggers.FilesPending("billing", now, now + 60))
    assert outcome == triggers.TROUBLE
    assert "refuses the connection 'there'" in reason
    assert "wrong-but-secret" not in reason
