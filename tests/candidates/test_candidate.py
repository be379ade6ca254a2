"""Freezing candidates, swapping them for others and removing those that nobody needs."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import date
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from made_company import FULL, Begun, audit, build, facts, landed
from parquet_files import rewrite
from thermocline.candidates.candidate import Candidate
from thermocline.errors import ContentChanged, ThermoclineError
from thermocline.home import Home
from thermocline.ledger.facts import Input


def folders(home: Home) -> list[str]:
    return sorted(path.name for path in home.candidates.iterdir())


def test_a_candidate_holds_every_table_and_what_is_known_of_the_build(home: Home) -> None:
    candidate = build(home, marts=FULL)
    assert candidate == Candidate.read(home, candidate.content_hash)
    assert len(candidate.tables) == 8
    assert {name: candidate.tables[name].rows for name in ("account_segments", "account_timeline")} == {
        "account_segments": 5,
        "account_timeline": 15,
    }
    assert candidate.tables["account_segments"].columns["heat"] == "DECIMAL(18,9)"
    assert list(candidate.gate) == ["reconciliation"]
    assert candidate.facts == facts(date(2011, 12, 9))
    files = [path for path in candidate.folder.rglob("*") if path.is_file()]
    assert len(files) == 10
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}
    candidate.check()


def test_the_same_build_keeps_its_candidate_and_its_verdict(home: Home) -> None:
    first = audit(home, build(home))
    again = build(home)
    assert again.digest == first.digest
    assert again.read_verdict() is not None


def test_another_packaging_replaces_the_candidate_and_drops_its_verdict(home: Home) -> None:
    first = audit(home, build(home))
    again = build(home, change="update reporting.account_timeline set source_file = 'all.csv'")
    assert (again.content_hash, again.read_verdict()) == (first.content_hash, None)
    assert again.digest != first.digest
    assert folders(home) == [first.content_hash]
    again.check()


def test_new_facts_replace_the_candidate(home: Home) -> None:
    first = build(home)
    assert build(home, code_version="0.2.0").facts.code_version == "0.2.0"
    assert folders(home) == [first.content_hash]


def test_a_damaged_candidate_is_frozen_again(home: Home) -> None:
    first = build(home)
    (first.folder / "account_segments.parquet").unlink()
    with pytest.raises(ContentChanged, match="table account_segments of candidate"):
        first.check()
    build(home).check()


MONTHS = """
update reporting.account_timeline set
    occurred_on = (occurred_on - to_months(source_row::integer))::date,
    occurred_at = occurred_at - to_months(source_row::integer)
"""


def inodes(candidate: Candidate) -> dict[str, int]:
    """The timeline's months, with the number of the file that holds each."""
    parts = candidate.tables["account_timeline"].parts
    return {month: part.path.stat().st_ino for month, part in parts.items()}


def test_a_month_that_has_not_changed_is_linked(home: Home) -> None:
    first = build(home, marts=FULL, change=MONTHS)
    again = build(
        home,
        marts=FULL,
        change=f"{MONTHS}; update reporting.account_timeline set amount = amount + 1 "
        "where source_row = 2 and account_id = 'billing:1';"
        "insert into reporting.account_timeline select * replace (null as occurred_on) "
        "from reporting.account_timeline limit 1",
    )
    before, after = inodes(first), inodes(again)
    assert list(before) == ["2011-09", "2011-10", "2011-11"]
    assert list(after) == [*before, "undated"]
    assert [month for month in before if before[month] != after[month]] == ["2011-10"]
    again.check()
    first.check()


def test_a_removed_month_is_removed_from_the_candidate(home: Home) -> None:
    build(home, marts=FULL, change=MONTHS)
    again = build(
        home, marts=FULL, change=f"{MONTHS}; delete from reporting.account_timeline where source_row = 1"
    )
    assert list(inodes(again)) == ["2011-09", "2011-10"]
    empty = build(home, marts=FULL, change="delete from reporting.account_timeline")
    assert (list(inodes(empty)), empty.tables["account_timeline"].rows) == (["all"], 0)
    for candidate in (again, empty):
        candidate.check()


def test_where_files_cant_be_linked_every_month_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(home, marts=FULL, change=MONTHS)

    def refused(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refused)
    again = build(home, marts=FULL, change=MONTHS + "; delete from reporting.segment_summary")
    assert set(inodes(first).values()).isdisjoint(inodes(again).values())
    again.check()


def test_a_damaged_month_is_never_linked(home: Home) -> None:
    first = build(home, marts=FULL, change=MONTHS)
    rewrite(first.folder / "account_timeline" / "2011-10.parquet", "from '{path}' limit 1")
    again = build(home, marts=FULL, change=MONTHS, code_version="0.2.0")
    assert again.content_hash == first.content_hash
    again.check()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("drop table reporting.group_segments", "core table group_segments isn't among"),
        (
            "alter table reporting.segment_summary alter accounts type double",
            "segment_summary.accounts has type DOUBLE",
        ),
        (
            "alter table reporting.segment_summary alter accounts type hugeint",
            "segment_summary.accounts has type HUGEINT",
        ),
        ('create table reporting."../x" as select 1', "can't be frozen"),
        ("create table reporting.publication as select 1", "can't be frozen"),
    ],
)
def test_what_cant_be_published_cant_be_frozen(home: Home, statement: str, message: str) -> None:
    with pytest.raises(ThermoclineError, match=message):
        build(home, change=statement)
    assert folders(home) == []


def test_the_digest_of_inputs_depends_on_neither_order_nor_row_counts(home: Home) -> None:
    one, two = landed(home, b"a\n1\n"), landed(home, b"a\n2\n", "2011-12-02.csv")
    recounted = Input(one.source, one.path, one.sha256, one.bytes, 99)
    day = date(2011, 12, 9)
    digest = facts(day, inputs=(one, two)).inputs_digest
    assert digest == facts(day, inputs=(two, recounted, two)).inputs_digest
    assert digest != facts(day, inputs=(one,)).inputs_digest


def freeze_and_die(root: str, deadly: int) -> None:
    """Freeze new facts, and be killed before the swap's step number `deadly`."""
    steps = []

    def before(step: Callable[..., object]) -> Callable[..., object]:
        def killed(*given: object, **named: object) -> object:
            steps.append(step)
            if len(steps) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*given, **named)

        return killed

    Path.rename = before(Path.rename)  # type: ignore[method-assign, assignment]
    shutil.rmtree = before(shutil.rmtree)  # type: ignore[assignment]
    build(Home(Path(root)), code_version="0.2.0")


@pytest.mark.parametrize("deadly", [1, 2, 3])
def test_a_killed_swap_leaves_the_old_candidate_or_the_new_one(
    home: Home, processes: BaseContext, deadly: int
) -> None:
    """Killed before the old one is renamed away, before the new one is in, before the deletion."""
    first = build(home)
    child = processes.Process(target=freeze_and_die, args=(str(home.root), deadly))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    for path in home.candidates.iterdir():
        if not path.name.startswith("."):
            Candidate.read(home, path.name).check()
    again = build(home, code_version="0.2.0")
    again.check()
    assert again.facts.code_version == "0.2.0"
    assert folders(home) == [first.content_hash]


def test_superseded_candidates_go_and_those_that_are_needed_stay(begun: Begun) -> None:
    from thermocline.retention.superseded import prune_superseded

    home, published = begun.home, begun.first.content_hash
    passed_over = audit(home, build(home, "2011-12-10", accounts=8), "pass").content_hash
    shift = {"rule": "shift", "verdict": "block", "approvable": True}
    pending = audit(home, build(home, "2011-12-10", accounts=9), "block", checks=[shift]).content_hash
    hopeless = build(home, "2011-12-10", accounts=10)
    audit(home, hopeless, "block", checks=[shift, {**shift, "rule": "money", "approvable": False}])
    newest = [build(home, "2011-12-11", accounts=accounts).content_hash for accounts in (11, 12)]
    rebuilt = build(home, "2011-12-10", accounts=7).content_hash
    ledger = home.ledger.read_bytes()
    assert sorted(prune_superseded(home)) == sorted([passed_over, hopeless.content_hash, newest[0]])
    assert folders(home) == sorted([published, pending, newest[1], rebuilt])
    assert prune_superseded(home) == []
    assert home.ledger.read_bytes() == ledger
