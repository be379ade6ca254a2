"""SIGKILL while publishing to two targets: at each step's end, and at any instant."""

import random
import signal
import time
from multiprocessing.context import BaseContext

from fault_table import Tally
from thermocline.audit.verification import verify
from thermocline.ledger.chain import Ledger, recorded
from two_targets import TwoTargets, publish_and_die, publish_when_told

PRINCIPAL = [
    "recovered",
    "checked",
    "intent recorded",
    "intent",
    "duckdb written",
    "duckdb in place",
    "postgres written",
    "postgres in place",
    "duckdb switched",
    "done recorded",
    "duckdb done",
    "postgres switched",
    "done recorded",
    "postgres done",
    "tidied",
]
"""What a publication does after it has looked at what earlier ones left."""


def steps_of(company: TwoTargets, nth: int) -> list[str]:
    """All steps of an undisturbed publication, those of each copied table included."""
    steps: list[str] = []
    company.publish(nth, steps.append)
    return steps


def check_seen(company: TwoTargets, before: str, after: str, context: str) -> None:
    """Each target shows the old content or the new one, and the first never lags behind the second."""
    one, other = (content for _, content in company.seen())
    assert {one, other} <= {before, after}, context
    assert (one, other) != (before, after), context
    assert verify(company.home).exit_code == 0, context


def test_killed_after_each_step(
    company: TwoTargets, processes: BaseContext, survived: Tally, thorough: bool
) -> None:
    """Of the tables copied in one transaction the first and the last stand for all in a quick run."""
    steps = steps_of(company, 1)
    begins = steps.index("recovered")
    copied = [nth for nth, step in enumerate(steps) if step.startswith("postgres copied")]
    assert [steps[nth] for nth in range(begins, len(steps)) if nth not in copied] == PRINCIPAL
    switched, intended = steps.index("duckdb switched"), steps.index("intent recorded")
    passed_over = [] if thorough else copied[1:-1]
    instants = [nth for nth in range(begins, len(steps)) if nth not in passed_over]
    before = company.candidates[1].content_hash
    for kill, deadly in enumerate(instants):
        context = f"killed after step {deadly}, {steps[deadly]}"
        coming = company.audited(kill)
        child = processes.Process(target=publish_and_die, args=(*company.place, coming, deadly))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL, context
        check_seen(company, before, coming, context)

        again = company.publish(kill)
        assert again.outcome == ("unchanged" if deadly >= switched else "published"), context
        company.check_whole(coming)
        before = coming
        survived("killed (SIGKILL) at a step of publishing to DuckDB and PostgreSQL")
    abandoned = [each for each in recorded(Ledger(company.home.ledger).entries()).values() if each.abandoned]
    assert len(abandoned) == len([nth for nth in instants if intended <= nth < switched])


def test_killed_at_any_instant(
    company: TwoTargets, processes: BaseContext, survived: Tally, thorough: bool
) -> None:
    """The instants are drawn from the time that an undisturbed publication takes, and a little more."""
    drawn = random.Random(20111209)
    before, taken, killed = company.candidates[0].content_hash, 0.0, 0
    wanted, nth = (264, 0) if thorough else (4, 0)
    while killed < wanted:
        nth += 1
        assert nth < 3 * wanted, "publishing ends before it is killed"
        coming = company.audited(nth)
        ours, theirs = processes.Pipe()
        child = processes.Process(target=publish_when_told, args=(*company.place, coming, theirs))
        child.start()
        theirs.close()
        assert ours.recv() == "ready"
        began = time.monotonic()
        delay = drawn.uniform(0, 1.1 * taken) if taken else 60
        if ours.poll(delay):
            assert ours.recv() == "done"
            taken = time.monotonic() - began
        else:
            child.kill()
            child.join()
            assert child.exitcode == -signal.SIGKILL
            killed += 1
            check_seen(company, before, coming, f"killed {delay:.3f} s after it began")
            survived("killed (SIGKILL) at a random instant of publishing to DuckDB and PostgreSQL")
            company.publish(nth)
        company.check_whole(coming)
        before = coming
