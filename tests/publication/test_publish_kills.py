"""SIGKILL at each step of publishing: readers see one whole publication, the next run completes."""

import os
import signal
from datetime import date
from multiprocessing.context import BaseContext
from pathlib import Path

import duckdb
import pytest
from made_company import Begun, audit
from thermocline.home import Home
from thermocline.ledger import Ledger, recorded
from thermocline.publication import database, publish
from thermocline.verification import verify

STEPS = [
    "locked",
    "tidied",
    "recovered",
    "checked",
    "intent recorded",
    "intent",
    "duckdb written",
    "duckdb in place",
    "duckdb switched",
    "done recorded",
    "duckdb done",
    "tidied again",
]


def publish_and_die(root: str, content_hash: str, deadly: int) -> None:
    steps: list[str] = []

    def progress(step: str) -> None:
        steps.append(step)
        if len(steps) > deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    publish(Home(Path(root)), content_hash, progress=progress)


def whole(home: Home) -> tuple[str, int]:
    """The one publication_id that readers see, and its accounts."""
    with duckdb.connect(str(database(home)), read_only=True) as connection:
        (seen,) = connection.execute(
            "select publication_id, count(*) from reporting.account_segments "
            "join reporting.publication using (publication_id) where is_current group by 1"
        ).fetchall()
    return seen


def test_the_steps_are_these(begun: Begun) -> None:
    steps: list[str] = []
    begun.publish(progress=steps.append)
    assert steps == [step.removesuffix(" again") for step in STEPS]


@pytest.mark.parametrize("step", STEPS[3:])
def test_killed_after(step: str, begun: Begun, processes: BaseContext) -> None:
    home, first, second = begun.home, begun.first, audit(begun.home, begun.coming).content_hash
    deadly = STEPS.index(step)
    child = processes.Process(target=publish_and_die, args=(str(home.root), second, deadly))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL

    switched = deadly >= STEPS.index("duckdb switched")
    assert whole(home) == (("2011-12-10-0002", 7) if switched else (first.publication_id, 5))
    intended = any(entry["publication_id"] == "2011-12-10-0002" for entry in Ledger(home.ledger).entries())
    if intended and deadly < STEPS.index("done recorded"):
        report = verify(home)
        assert report.exit_code == 0
        assert any("publication in progress: 2011-12-10-0002" in line for line in report.lines())

    again = publish(home, second)
    assert again.outcome == ("unchanged" if switched else "published")
    assert again.as_of_date == date(2011, 12, 10)
    assert whole(home) == (again.publication_id, 7)
    assert verify(home).lines()[0].startswith("intact")
    publications = recorded(Ledger(home.ledger).entries()).values()
    assert not any(publication.is_open for publication in publications)
    abandoned = [each.publication_id for each in publications if each.abandoned]
    assert abandoned == (["2011-12-10-0002"] if intended and not switched else [])
    assert sorted(path.name for path in home.reporting.iterdir()) == [
        f"{first.publication_id}.duckdb",
        f"{again.publication_id}.duckdb",
        "ledger-head",
        "reporting.duckdb",
    ]


def test_killed_while_the_ledger_is_written(begun: Begun) -> None:
    home = begun.home
    with home.ledger.open("ab") as ledger:
        ledger.write(b'{"kind":"intent","publica')
    report = verify(home)
    assert report.exit_code == 0
    assert any("last line was never finished" in line for line in report.lines())
    assert begun.publish().publication_id == "2011-12-10-0002"
    assert verify(home).lines()[0].startswith("intact")
