"""Publishing: only what the gate let pass, once, never back."""

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from made_company import FULL, Begun, audit, build, landed, run
from thermocline import durable
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.errors import (
    ContentChanged,
    GateBlocked,
    InputError,
    LedgerChanged,
    LedgerTruncated,
    ThermoclineError,
    WarehouseBusy,
)
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import Published, current, database, publish


def query(home: Home, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database(home)), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def kinds(home: Home) -> list[str]:
    return [entry["kind"] for entry in Ledger(home.ledger).entries()]


def current_id(home: Home) -> str:
    seen = current(home)
    assert seen is not None
    return seen.publication_id


def test_a_passed_candidate_is_published_with_all_its_tables(home: Home) -> None:
    assert current(home) is None
    candidate = audit(home, build(home, marts=FULL), "warn")
    published = publish(home, candidate.content_hash)
    assert published == Published("published", "2011-12-09-0001", date(2011, 12, 9), candidate.content_hash)
    tables = query(home, "select table_name from duckdb_tables() where schema_name = 'reporting' order by 1")
    assert [name for (name,) in tables] == sorted([*candidate.tables, "publication", "gate_checks"])
    assert (
        query(
            home,
            "select distinct publication_id from reporting.account_segments "
            "union all select publication_id from reporting.gate_checks",
        )
        == [("2011-12-09-0001",)] * 2
    )
    seen = current(home)
    assert seen is not None
    intent = Ledger(home.ledger).entries()[0]
    assert (seen.verdict, seen.warnings, seen.restores, seen.accounts, seen.hot) == ("warn", 1, None, 5, 2)
    assert seen.unattributed_revenue == Decimal("12.34")
    assert (seen.content_hash, seen.ledger_hash) == (candidate.content_hash, intent["hash"])
    assert seen.published_at.isoformat() + "Z" == intent["at"]
    assert verify(home).exit_code == 0


def test_readers_of_older_duckdb_can_open_the_file(begun: Begun) -> None:
    home = begun.home
    with duckdb.connect(str(database(home)), read_only=True) as connection:
        assert "v1.5.0" in str(
            connection.execute("select tags from duckdb_databases() where not internal").fetchall()
        )
    assert database(home).resolve().stat().st_mode & 0o777 == 0o444


def test_publishing_again_changes_nothing(begun: Begun) -> None:
    home, first = begun.home, begun.first
    before = {path.name: path.lstat().st_mtime_ns for path in home.reporting.iterdir()}
    again = publish(home, first.content_hash)
    rebuilt = run(home, change="update reporting.account_timeline set source_file = 'all.csv'")
    assert (again.outcome, rebuilt.outcome) == ("unchanged", "unchanged")
    assert again.publication_id == rebuilt.publication_id == first.publication_id
    assert kinds(home) == ["intent", "done"]
    assert {path.name: path.lstat().st_mtime_ns for path in home.reporting.iterdir()} == before


def test_reporting_is_never_turned_back_to_an_earlier_day(begun: Begun) -> None:
    home, later = begun.home, begun.publish()
    earlier = home.candidates / begun.first.content_hash
    (earlier / "verdict.json").unlink()
    assert publish(home, earlier.name) == Published(
        "superseded", later.publication_id, date(2011, 12, 10), later.content_hash
    )
    assert kinds(home) == ["intent", "done"] * 2
    corrected = run(home, "2011-12-10", accounts=6)
    assert (corrected.outcome, corrected.publication_id) == ("published", "2011-12-10-0003")


def test_nothing_is_published_without_a_verdict_that_lets_it_pass(begun: Begun) -> None:
    home, candidate = begun.home, begun.coming
    with pytest.raises(GateBlocked, match="has no verdict: audit it first"):
        publish(home, candidate.content_hash)
    audit(home, candidate, "block")
    with pytest.raises(GateBlocked, match="was blocked by the gate"):
        publish(home, candidate.content_hash)
    shutil.copy(home.candidates / begun.first.content_hash / "verdict.json", candidate.folder)
    with pytest.raises(ContentChanged, match="of other content"):
        publish(home, candidate.content_hash)
    audit(home, candidate, predecessor=None)
    with pytest.raises(GateBlocked, match=r"audited against publication \(none\), and 2011-12-09"):
        publish(home, candidate.content_hash)
    with pytest.raises(InputError, match="there is no candidate"):
        publish(home, "0" * 64)
    assert kinds(home) == ["intent", "done"]
    assert current_id(home) == begun.first.publication_id


def rewritten_rows(candidate: Candidate) -> None:
    path = candidate.folder / "account_segments.parquet"
    connection = duckdb.connect()
    connection.execute(
        "create table kept as select * replace ('hot' as temperature) from read_parquet(?)",
        [str(path).replace("[", "[[]")],
    )
    path.unlink()
    connection.execute(f"copy kept to '{str(path).replace(chr(39), chr(39) * 2)}'")


def edited_facts(candidate: Candidate) -> None:
    manifest = candidate.folder / "candidate.json"
    assert b'"hot": 3' in manifest.read_bytes()
    durable.replace(manifest, manifest.read_bytes().replace(b'"hot": 3', b'"hot": 4'))


@pytest.mark.parametrize(
    "mutate",
    [
        rewritten_rows,
        edited_facts,
        lambda candidate: (candidate.folder / "segment_summary.parquet").unlink(),
        lambda candidate: (candidate.folder / "gate" / "reconciliation.parquet").unlink(),
    ],
)
def test_a_mutation_between_audit_and_publication_is_refused(
    begun: Begun, mutate: Callable[[Candidate], object]
) -> None:
    mutate(audit(begun.home, begun.coming))
    with pytest.raises(ContentChanged):
        publish(begun.home, begun.coming.content_hash)
    assert kinds(begun.home) == ["intent", "done"]
    assert current_id(begun.home) == begun.first.publication_id


def test_the_ledger_names_each_input_once(home: Home) -> None:
    one, two, three = (landed(home, f"a\n{nth}\n".encode(), f"{nth}.csv") for nth in (1, 2, 3))
    run(home, "2011-12-09", inputs=(one, two))
    run(home, "2011-12-10", inputs=(one, two, three))
    run(home, "2011-12-11", inputs=(three, two))
    intents = [entry for entry in Ledger(home.ledger).entries() if entry["kind"] == "intent"]
    assert [[item["path"] for item in entry["new_inputs"]] for entry in intents] == [
        ["1.csv", "2.csv"],
        ["3.csv"],
        [],
    ]
    assert [entry["gone_inputs"] for entry in intents] == [[], [], [["online_retail", "1.csv", one.sha256]]]
    assert len({entry["inputs_digest"] for entry in intents}) == 3


def test_an_intent_says_what_was_published_from_what(begun: Begun) -> None:
    name = begun.first.publication_id
    intent, done = Ledger(begun.home.ledger).entries()
    assert intent["tables"]["account_timeline"]["rows"] == 15
    assert intent["gate"]["checks"][0]["rule"] == "rows"
    assert intent["targets"] == ["duckdb"]
    assert (intent["predecessor"], intent["restores"], intent["approval"]) == (None, None, None)
    assert {"code_version", "manifest_hash", "scorecard_version", "dbt", "figures"} <= set(intent)
    assert (done["intent"], done["target"], done["recovered"]) == (intent["hash"], "duckdb", False)
    assert done["files"] == {f"{name}.duckdb": durable.file_hash(database(begun.home))}


def test_two_publishers_dont_meet(begun: Begun) -> None:
    with begun.home.publishing("a test", 0), pytest.raises(WarehouseBusy, match="a test"):
        begun.publish(wait_seconds=0.1)
    assert begun.publish().outcome == "published"


def test_a_failing_target_leaves_the_old_publication_and_a_clear_message(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = begun.home

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("thermocline.publishing.targets.duckdb_tables._create", full)
        with pytest.raises(ThermoclineError, match=r"to target duckdb failed .*No space left"):
            begun.publish()
    assert current_id(home) == begun.first.publication_id
    assert not list(home.reporting.glob(".writing*"))
    assert verify(home).exit_code == 0
    assert begun.publish().publication_id == "2011-12-10-0003"
    assert kinds(home) == ["intent", "done", "intent", "abandoned", "intent", "done"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda home: database(home).unlink(),
        lambda home: (database(home).unlink(), database(home).write_text("not a link")),
        lambda home: (database(home).unlink(), database(home).symlink_to("2011-12-09-0001.duckdb")),
        lambda home: database(home).resolve().unlink(),
    ],
)
def test_a_lost_pointer_or_file_is_brought_back(begun: Begun, damage: Callable[[Home], object]) -> None:
    home, second = begun.home, begun.publish()
    damage(home)
    assert publish(home, begun.first.content_hash).outcome == "superseded"
    assert current_id(home) == second.publication_id
    assert verify(home).findings == []


def test_a_lost_file_is_brought_back_from_another_packaging(begun: Begun) -> None:
    home = begun.home
    repackaged = build(home, change="update reporting.account_timeline set source_file = 'x.csv'")
    assert repackaged.content_hash == begun.first.content_hash
    database(home).resolve().unlink()
    assert publish(home, repackaged.content_hash).outcome == "unchanged"
    assert query(home, "select distinct source_file from reporting.account_timeline") == [("x.csv",)]
    assert verify(home).findings == []


def test_a_publication_lost_with_its_candidate_needs_a_backup(begun: Begun) -> None:
    database(begun.home).resolve().unlink()
    shutil.rmtree(begun.home.candidates / begun.first.content_hash)
    with pytest.raises(ContentChanged, match=r"2011-12-09-0001 is missing .*: restore either"):
        publish(begun.home, audit(begun.home, begun.coming).content_hash)


def test_a_damaged_ledger_stops_publishing(begun: Begun) -> None:
    home, second = begun.home, begun.publish()
    whole = home.ledger.read_bytes().splitlines(keepends=True)
    for kept in (whole[:-1], whole[:2], []):
        home.ledger.write_bytes(b"".join(kept))
        with pytest.raises(LedgerTruncated, match="its tail is missing"):
            begun.publish()
    (home.reporting / "ledger-head").unlink()
    with pytest.raises(LedgerTruncated, match="doesn't hold publication 2011-12-10-0002"):
        begun.publish()
    home.ledger.write_bytes(b"".join(whole[1:]))
    with pytest.raises(LedgerChanged, match="entry 2 stands on line 1"):
        begun.publish()
    assert current_id(home) == second.publication_id


def test_the_last_publications_are_kept(begun: Begun) -> None:
    home = begun.home
    (home.config / "company.yml").write_text("reporting_currency: GBP\nkeep_publications: 2\n")
    stray = home.reporting / "notes.txt"
    stray.write_text("left alone")
    names = [
        begun.first.publication_id,
        begun.publish().publication_id,
        run(home, "2011-12-12").publication_id,
    ]
    assert sorted(path.name for path in home.reporting.glob("*.duckdb")) == [
        *(f"{name}.duckdb" for name in names[1:]),
        "reporting.duckdb",
    ]
    assert query(home, "select publication_id, is_current from reporting.publication order by 1") == [
        (names[1], False),
        (names[2], True),
    ]
    assert kinds(home) == ["intent", "done"] * 3
    assert stray.exists()
    assert verify(home).findings == []


def test_an_unreadable_current_file_is_reported(begun: Begun) -> None:
    home = begun.home
    path = database(home).resolve()
    path.chmod(0o644)
    path.write_bytes(b"nothing")
    with pytest.raises(ContentChanged, match="publication 2011-12-09-0001 can't be read"):
        current(home)
