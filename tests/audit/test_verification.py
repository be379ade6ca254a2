"""Verifying: what was changed is named, and what is merely under way isn't called a change."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from made_company import landed, run
from thermocline import durable
from thermocline.audit.verification import verify
from thermocline.errors import LedgerChanged
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing import publication
from thermocline.publishing.publication import database


@pytest.fixture(scope="module")
def two_publications(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two publications from two landed files."""
    home = Home(tmp_path_factory.mktemp("verified") / "home").prepare()
    one, two = landed(home, b"a\n1\n2\n"), landed(home, b"a\n3\n", "2011-12-02.csv")
    run(home, "2011-12-09", inputs=(one,))
    run(home, "2011-12-10", inputs=(one, two))
    return home


@pytest.fixture
def home(two_publications: Home, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(two_publications.root, tmp_path / "home", symlinks=True)))


def found(home: Home, exit_code: int) -> str:
    report = verify(home)
    assert report.exit_code == exit_code, report.lines()
    assert all("\n" not in line for line in report.lines())
    return "\n".join(report.lines())


def change(home: Home, publication_id: str, statement: str) -> None:
    path = home.reporting / f"{publication_id}.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


def publish_again(home: Home) -> None:
    current = publication.current(home)
    assert current is not None
    assert publication.publish(home, current.content_hash).outcome == "unchanged"


def ledger_lines(home: Home) -> list[bytes]:
    return home.ledger.read_bytes().splitlines(keepends=True)


def test_nothing_published_is_intact(tmp_path: Path) -> None:
    assert found(Home(tmp_path), 0) == "intact: 0 ledger entries, 0 landed files, 0 publications, 0 records"


def test_an_untouched_home_is_intact(home: Home) -> None:
    assert found(home, 0) == "intact: 4 ledger entries, 2 landed files, 2 publications, 0 records"


def test_a_line_deleted_from_a_landed_copy_is_named(home: Home) -> None:
    (copy,) = [path for path in home.landing.rglob("*.csv") if b"1" in path.read_bytes()]
    copy.write_bytes(b"a\n2\n")
    told = found(home, 3)
    assert f"content changed: landed file {copy} was changed" in told
    assert "delivered as 2011-12-01.csv by online_retail" in told
    copy.unlink()
    assert f"landed file {copy.with_suffix('')} is missing" in found(home, 3)


@pytest.mark.parametrize(
    ("publication_id", "statement", "told"),
    [
        (
            "2011-12-10-0002",
            "delete from reporting.account_segments where account_code = '3'",
            "table account_segments of publication 2011-12-10-0002 in target duckdb was changed: "
            "5 rows expected, 4 found",
        ),
        (
            "2011-12-09-0001",
            "delete from reporting.account_timeline where source_row = 1",
            "table account_timeline of publication 2011-12-09-0001 in target duckdb was changed: "
            "15 rows expected, 10 found",
        ),
        (
            "2011-12-10-0002",
            "update reporting.account_timeline set source_file = 'other.csv'",
            "table account_timeline of publication 2011-12-10-0002",
        ),
        (
            "2011-12-10-0002",
            "update reporting.account_segments set publication_id = null",
            "table account_segments of publication 2011-12-10-0002",
        ),
        (
            "2011-12-10-0002",
            "update reporting.publication set verdict = 'warn'",
            "table publication of publication 2011-12-10-0002",
        ),
        (
            "2011-12-10-0002",
            "update reporting.gate_checks set verdict = 'warn'",
            "table gate_checks of publication 2011-12-10-0002",
        ),
        (
            "2011-12-10-0002",
            "drop table reporting.scorecards",
            "table scorecards of publication 2011-12-10-0002 in target duckdb is missing",
        ),
        (
            "2011-12-10-0002",
            "create table reporting.added as select 1 as one",
            "table added of publication 2011-12-10-0002 in target duckdb was added",
        ),
        (
            "2011-12-09-0001",
            "create schema other",
            "file 2011-12-09-0001.duckdb of publication "
            "2011-12-09-0001 in target duckdb was changed, though no row of a table was",
        ),
    ],
)
def test_a_changed_table_is_named(home: Home, publication_id: str, statement: str, told: str) -> None:
    change(home, publication_id, statement)
    assert f"content changed: {told}" in found(home, 3)


def test_changed_bytes_of_any_published_file_are_found(home: Home) -> None:
    path = home.reporting / "2011-12-09-0001.duckdb"
    path.chmod(0o644)
    whole = path.read_bytes()
    for position in (9, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        assert "2011-12-09-0001" in found(home, 3), position


def test_a_write_ahead_log_beside_a_published_file_is_found(home: Home) -> None:
    (home.reporting / "2011-12-09-0001.duckdb.wal").write_bytes(b"")
    assert "file 2011-12-09-0001.duckdb.wal of publication 2011-12-09-0001" in found(home, 3)


def test_a_missing_publication_is_named(home: Home) -> None:
    (home.reporting / "2011-12-09-0001.duckdb").unlink()
    assert "publication 2011-12-09-0001 is missing from target duckdb" in found(home, 3)
    database(home).unlink()
    assert "leads readers to no publication, and 2011-12-10-0002 is the last one" in found(home, 3)


def test_a_pointer_turned_back_is_found(home: Home) -> None:
    database(home).unlink()
    database(home).symlink_to("2011-12-09-0001.duckdb")
    assert "leads readers to 2011-12-09-0001, and 2011-12-10-0002 is the last" in found(home, 3)


def test_the_current_candidate_is_looked_at(home: Home) -> None:
    content_hash = json.loads(ledger_lines(home)[2])["content_hash"]
    (home.candidates / content_hash / "segment_summary.parquet").unlink()
    assert f"table segment_summary of candidate {content_hash}" in found(home, 3)
    shutil.rmtree(home.candidates / content_hash)
    assert f"there is no candidate {content_hash}" in found(home, 3)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            lambda lines: [lines[0].replace(b'"accounts":5', b'"accounts":6'), *lines[1:]],
            r"ledger\.jsonl: entry 1 \(line 1\) was edited",
        ),
        (lambda lines: [lines[0], *lines[2:]], "entry 3 stands on line 2, entry 2 is due"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "entry 3 stands on line 2"),
    ],
)
def test_a_changed_ledger_is_told_from_changed_content(
    home: Home, edit: Callable[[list[bytes]], list[bytes]], told: str
) -> None:
    home.ledger.write_bytes(b"".join(edit(ledger_lines(home))))
    change(home, "2011-12-10-0002", "delete from reporting.account_segments")
    lines = found(home, 4)
    assert told.replace("\\", "") in lines
    assert "ledger changed: " in lines
    assert "content changed: table account_segments" in lines


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_cut_tail_is_found(home: Home, kept: int) -> None:
    head = json.loads(ledger_lines(home)[-1])["hash"]
    home.ledger.write_bytes(b"".join(ledger_lines(home)[:kept]))
    told = found(home, 5)
    assert "ledger truncated: ledger.jsonl: its tail is missing" in told
    assert f"names entry 4 ({head[:12]}…) and the ledger ends at entry {kept}" in told


@pytest.mark.parametrize("kept", [0, 2])
def test_a_cut_tail_is_found_in_the_publication_row_alone(home: Home, kept: int) -> None:
    home.ledger.write_bytes(b"".join(ledger_lines(home)[:kept]))
    (home.reporting / "ledger-head").unlink()
    assert "doesn't hold publication 2011-12-10-0002" in found(home, 5)


def test_a_last_entry_forged_with_its_hash_is_found(home: Home) -> None:
    *lines, last = ledger_lines(home)
    entry = json.loads(last)
    body = {key: value for key, value in entry.items() if key != "hash"} | {"recovered": True}
    body["hash"] = hashlib.sha256(durable.canonical(body)).hexdigest()
    home.ledger.write_bytes(b"".join([*lines, durable.canonical(body), b"\n"]))
    assert "entry 4 isn't the one that target duckdb names" in found(home, 4)


def test_no_name_that_came_with_data_moves_the_terminal(tmp_path: Path) -> None:
    home = Home(tmp_path / "named").prepare()
    file = landed(home, b"a\n1\n", "\x1b[2J\nintact\r: all.csv")
    run(home, inputs=(file,))
    change(home, "2011-12-09-0001", 'create table reporting."\x1b[2J\nintact" as select 1 as one')
    (home.landing / file.sha256[:2] / f"{file.sha256}.csv").unlink()
    told = found(home, 3)
    assert "delivered as \\x1b[2J\\nintact\\r: all.csv by online_retail" in told
    assert "table \\x1b[2J\\nintact of publication 2011-12-09-0001 in target duckdb was added" in told
    assert "\x1b" not in told


def test_entries_that_no_publisher_wrote_are_found(home: Home) -> None:
    """A killed publisher leaves one entry that its target doesn't name yet, never two."""
    ledger = Ledger(home.ledger)
    ledger.append("pruned", {"what": "landing", "rule": "landing_days: 1", "pruned": ["ab" * 32]})
    found(home, 0)
    ledger.append("pruned", {"what": "landing", "rule": "landing_days: 1", "pruned": ["cd" * 32]})
    assert "ledger.jsonl: 2 entries follow entry 4, the last that target duckdb names" in found(home, 4)
    with home.publishing("a test", 0):
        found(home, 0)


def test_a_publication_that_is_done_cant_have_been_abandoned(home: Home) -> None:
    """A forged entry would hide it from verify and lead readers back."""
    ledger = Ledger(home.ledger)
    intent = ledger.entries()[2]
    named = {"publication_id": "2011-12-10-0002", "intent": intent["hash"], "reason": "so I say"}
    ledger.append("abandoned", named)
    assert "2011-12-10-0002 is done in duckdb and abandoned" in found(home, 4)
    with pytest.raises(LedgerChanged, match="2011-12-10-0002 is done in duckdb and abandoned"):
        publish_again(home)
    seen = publication.current(home)
    assert seen is not None and seen.publication_id == "2011-12-10-0002"


def test_a_head_that_a_killed_publisher_left_behind_is_renewed_by_the_next(home: Home) -> None:
    ledger, target = Ledger(home.ledger), publication.targets(home)[0]
    for _ in range(2):
        ledger.append("pruned", {"what": "candidates", "rule": "candidate_days: 1", "pruned": []})
        publish_again(home)
        assert target.anchored() == (ledger.entries()[-1]["seq"], ledger.head)
    found(home, 0)


def test_a_forgotten_head_is_found(home: Home) -> None:
    (home.reporting / "ledger-head").unlink()
    assert "doesn't remember the ledger's head" in found(home, 5)
    (home.reporting / "ledger-head").write_text("4 of hearts")
    assert "is damaged" in found(home, 4)


def test_what_is_under_way_is_harmless(home: Home) -> None:
    with home.publishing("a test", 0), home.ledger.open("ab") as ledger:
        ledger.write(b'{"half')
        ledger.flush()
        assert (
            "publication in progress: the ledger's last line was never finished; "
            "a publisher is at work" in found(home, 0)
        )
