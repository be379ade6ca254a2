"""Faults of the machine and its neighbours: a whole publication, a clear line, a rerun that works."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from fault_table import Tally
from thermocline.audit.verification import verify
from thermocline.errors import LedgerChanged, TargetBehind, ThermoclineError
from thermocline.home import Home
from thermocline.ledger import chain
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import database, history, publish
from two_targets import TwoTargets, publish_when_told

SCRIPT = Path(__file__).with_name("cramped_disk.py")


def check_refused(company: TwoTargets, nth: int, message: str, **given: Any) -> None:
    """Publishing a candidate fails with one line that matches `message`."""
    with pytest.raises(ThermoclineError, match=message) as raised:
        company.publish(nth, **given)
    assert "\n" not in str(raised.value)
    assert verify(company.home).exit_code == 0


def at(step: str, fault: Callable[[], None]) -> Callable[[str], None]:
    """A progress callback that brings the fault about after a step."""

    def progress(reached: str) -> None:
        if reached == step:
            fault()

    return progress


@pytest.mark.parametrize("step", ["intent", "postgres written", "postgres in place", "duckdb switched"])
def test_postgres_restarted_in_the_middle(company: TwoTargets, survived: Tally, step: str) -> None:
    server = company.database.server

    def restart() -> None:
        server.stop("immediate")
        server.start()

    try:
        company.publish(1, at(step, restart))
    except TargetBehind as error:
        assert "\n" not in str(error)
        assert "postgres failed" in str(error)
    assert company.seen()[0][1] == company.candidates[1].content_hash
    company.publish(1)
    company.check_whole(company.candidates[1].content_hash)
    survived("PostgreSQL restarted in the middle")


@pytest.mark.parametrize("step", ["recovered", "duckdb in place", "postgres in place", "duckdb switched"])
def test_postgres_unreachable_in_the_middle(company: TwoTargets, survived: Tally, step: str) -> None:
    server = company.database.server
    try:
        with pytest.raises(TargetBehind, match=r"postgres failed \(connection bi: .*run again"):
            company.publish(1, at(step, server.stop))
    finally:
        server.start()
    assert [content for _, content in company.seen()] == [
        candidate.content_hash for candidate in reversed(company.candidates)
    ]
    assert company.publish(1).outcome == "unchanged"
    company.check_whole(company.candidates[1].content_hash)
    survived("PostgreSQL unreachable in the middle")


def test_a_postgres_that_only_reads(company: TwoTargets, survived: Tally) -> None:
    name = company.database.name
    company.database.server.execute(f"alter database {name} set default_transaction_read_only = on")
    with pytest.raises(TargetBehind, match=r"postgres failed \(connection bi: .*read-only") as raised:
        company.publish(1)
    assert "\n" not in str(raised.value)
    assert [content for _, content in company.seen()] == [
        candidate.content_hash for candidate in reversed(company.candidates)
    ]
    company.database.server.execute(f"alter database {name} reset default_transaction_read_only")
    assert company.publish(1).outcome == "unchanged"
    company.check_whole(company.candidates[1].content_hash)
    survived("read-only target (PostgreSQL)")


def test_a_view_locked_by_a_long_query(
    company: TwoTargets, survived: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thermocline.publishing.targets.postgres.Postgres.patience_seconds", 0.5)
    with closing(company.database.connect()) as long:
        long.execute("begin")
        long.execute("select * from reporting.account_timeline")
        with pytest.raises(TargetBehind, match=r"was in use for .* by process .* let that query end"):
            company.publish(1)
    assert company.publish(1).outcome == "unchanged"
    company.check_whole(company.candidates[1].content_hash)
    survived("a view locked by a long query")


def test_two_publishers_at_once(company: TwoTargets, processes: BaseContext, survived: Tally) -> None:
    """Both candidates were judged against the same predecessor: one is published, the other refused."""
    hashes = [company.audited(1), company.audited(0)]
    lines, children = [], []
    for content_hash in hashes:
        ours, theirs = processes.Pipe()
        children.append(
            processes.Process(
                target=publish_when_told, args=(*company.place, content_hash, theirs), daemon=True
            )
        )
        lines.append(ours)
        children[-1].start()
        theirs.close()
    assert [line.recv() for line in lines] == ["ready", "ready"]
    for child in children:
        child.join()
    company.check_whole(company.seen()[0][1])
    assert company.publish(1).outcome in ("published", "unchanged")
    company.check_whole(company.candidates[1].content_hash)
    survived("two publishers at once")


def told_by_a_cramped_disk(folder: Path) -> dict[str, Any]:
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    folder.mkdir()
    if (
        not shutil.which("unshare")
        or subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", str(folder)]).returncode
    ):
        pytest.skip("this machine lets nobody mount a small disk in a namespace of its own")
    ended = subprocess.run(
        [*command, sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_a_full_disk_and_one_that_only_reads(tmp_path: Path, survived: Tally) -> None:
    told = told_by_a_cramped_disk(tmp_path / "disk")
    small, large = told["small"], told["large"]
    assert (told["first"]["exit_code"], told["first"]["seen"]) == (0, small)
    for fault, message in (("full", "(?i)no space left"), ("read_only", "Read-only file system")):
        before, after = (small, large) if fault == "full" else (large, small)
        hurt, again = told[fault], told[f"after_{fault}"]
        assert hurt["exit_code"] == 70, hurt
        assert re.search(message, hurt["ended"]), hurt
        assert "\n" not in hurt["ended"]
        assert (hurt["seen"], hurt["verified"], hurt["left"]) == (before, 0, []), hurt
        assert (again["ended"], again["seen"], again["verified"]) == ("published", after, 0), again
    survived("disk full")
    survived("read-only target (DuckDB file)")


def test_a_clock_that_jumps_back(
    company: TwoTargets, survived: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # noqa: ARG003
            return datetime(2001, 1, 1, tzinfo=UTC)

    with monkeypatch.context() as patched:
        patched.setattr(chain, "datetime", Earlier)
        published = company.publish(1)
    assert published.outcome == "published"
    company.check_whole(company.candidates[1].content_hash)
    assert [each.publication_id for each in history(company.home)] == [
        company.first,
        published.publication_id,
    ]
    assert company.publish(0).outcome == "published"
    company.check_whole(company.candidates[0].content_hash)
    survived("a clock that jumps back")


def a_text(home: Home) -> None:
    database(home).unlink()
    database(home).write_bytes(b"\x00garbage")


def a_folder(home: Home) -> None:
    database(home).unlink()
    database(home).mkdir()


def out_of_the_folder(home: Home) -> None:
    database(home).unlink()
    database(home).symlink_to("/dev/null")


@pytest.mark.parametrize("damage", [a_text, a_folder, out_of_the_folder])
def test_a_corrupt_pointer(company: TwoTargets, survived: Tally, damage: Callable[[Home], None]) -> None:
    damage(company.home)
    assert verify(company.home).exit_code == 3
    try:
        published = company.publish(1)
    except ThermoclineError as error:
        assert "\n" not in str(error)
        assert str(database(company.home)) in str(error)
        shutil.rmtree(database(company.home))
        published = company.publish(1)
    assert published.outcome == "published"
    company.check_whole(company.candidates[1].content_hash)
    survived("a corrupt pointer file")


def test_a_corrupt_head(company: TwoTargets, survived: Tally) -> None:
    head = company.home.reporting / "ledger-head"
    kept = head.read_bytes()
    head.write_bytes(b"7 nonsense\n")
    coming = company.audited(1)
    with pytest.raises(LedgerChanged, match="ledger-head is damaged: restore it from a backup"):
        publish(company.home, coming)
    assert len({content for _, content in company.seen()}) == 1
    head.write_bytes(kept)
    assert publish(company.home, coming).outcome == "published"
    company.check_whole(coming)
    assert Ledger(company.home.ledger).entries()[-1]["kind"] == "done"
    survived("a corrupt pointer file")
