"""Pruning: each side of each age, what is told afterwards, and a run killed at each of its steps."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from export_files import PAYMENTS, payment, write
from made_company import audit, build, landed, run
from thermocline import durable, publication, warehouse
from thermocline.cli import main
from thermocline.difference import difference
from thermocline.errors import InputError, LedgerChanged, WarehouseBusy
from thermocline.facts import Input
from thermocline.home import Home
from thermocline.ledger import Ledger
from thermocline.retention.pruning import prune
from thermocline.sources.landing import land
from thermocline.sources.loading import load
from thermocline.verification import verify

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 31, tzinfo=UTC)
FIRST, SECOND = "2026-01-01/Payments.csv", "2026-01-02/Payments.csv"
PARTS = ("landing_days", "quarantine_days", "candidate_days", "log_days", "airflow_days")


def settle(home: Home, **days: int) -> Home:
    """Keep everything for ever, but what is named."""
    kept = [f"  {name}: {days.get(name, 'null')}" for name in PARTS]
    (home.prepare().config / "company.yml").write_text(
        "\n".join(["reporting_currency: EUR", "retention:", *kept])
    )
    return home


def removed(home: Home, now: datetime = NOW, dry_run: bool = False) -> dict[str, int]:
    return {each.what: each.number for each in prune(home, now, dry_run=dry_run) if each.number}


def date_back(place: Path, moment: datetime) -> None:
    """Let a file, or all of a folder, have been written then."""
    for each in [*place.rglob("*"), place]:
        os.utime(each, (moment.timestamp(), moment.timestamp()), follow_symlinks=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return settle(Home(tmp_path / "home"))


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two landed and loaded files, the second with a cell that can't be read, and a publication of both."""
    home = settle(Home(tmp_path_factory.mktemp("delivery") / "home"))
    write(home.exports, FIRST, PAYMENTS, payment(1, paid_on="2026-01-01"))
    write(home.exports, SECOND, PAYMENTS, payment(2, paid_on="2026-01-02"), payment(3, "secret"))
    assert reload(home) == 2
    with closing(warehouse.connect(home)) as connection:
        files = connection.execute(
            "select source, source_file, sha256, bytes, rows_read from raw.files order by source_file"
        ).fetchall()
    run(home, inputs=tuple(Input(*file) for file in files))
    return home


@pytest.fixture
def delivered(delivery: Home, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(delivery.root, tmp_path / "delivered", symlinks=True)))


def reload(home: Home) -> int:
    """Land and load what is new; how many rows were loaded."""
    land(home, "billing", settle_seconds=0)
    with closing(warehouse.connect(home)) as connection:
        connection.execute("create schema if not exists config")
        return load(home, connection, "UTC").rows_loaded


def landed_on(home: Home, first: datetime, second: datetime) -> None:
    with closing(sqlite3.connect(home.landing / "manifest.sqlite")) as book, book:
        for path, moment in ((FIRST, first), (SECOND, second)):
            book.execute(
                "update files set landed_at = ? "
                "where file_id = (select file_id from deliveries where source_file = ?)",
                (moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), path),
            )


def copies(home: Home) -> list[str]:
    return sorted(path.name.split(".")[0] for path in home.landing.glob("??/*"))


def kinds(home: Home) -> list[str]:
    return [entry["kind"] for entry in Ledger(home.ledger).entries()]


def told(home: Home) -> str:
    report = verify(home)
    assert report.exit_code == 0, report.lines()
    return "\n".join(report.lines())


def test_by_default_what_was_delivered_is_kept_for_ever(delivered: Home) -> None:
    (delivered.config / "company.yml").write_text("reporting_currency: EUR\n")
    landed_on(delivered, datetime(1999, 1, 1, tzinfo=UTC), MIDNIGHT)
    assert removed(delivered) == {}
    assert len(copies(delivered)) == 2


def test_a_landed_file_is_pruned_on_the_day_after_its_last_day(delivered: Home) -> None:
    settle(delivered, landing_days=30)
    landed_on(delivered, MIDNIGHT - timedelta(days=30, seconds=1), MIDNIGHT - timedelta(days=30))
    assert removed(delivered, dry_run=True) == {"landed files": 1}
    assert len(copies(delivered)) == 2
    assert removed(delivered) == {"landed files": 1}
    assert removed(delivered) == {}
    assert removed(delivered, NOW + timedelta(days=1)) == {"landed files": 1}
    assert copies(delivered) == []
    assert kinds(delivered) == ["intent", "done", "pruned", "pruned"]


def test_after_pruning_all_is_explained_or_said_to_be_pruned(delivered: Home) -> None:
    settle(delivered, landing_days=1)
    day = datetime.now(UTC).date()
    assert removed(delivered, datetime.now(UTC) + timedelta(days=2)) == {"landed files": 2}
    assert f"pruned on {day}: 2 landed files, of which the ledger keeps the hashes" in told(delivered)
    assert "intact: 3 ledger entries, 2 landed files, 1 publications" in told(delivered)
    assert reload(delivered) == 0


def test_a_file_that_isnt_loaded_yet_is_not_pruned(delivered: Home) -> None:
    settle(delivered, landing_days=1)
    write(delivered.exports, "2026-01-03/Payments.csv", PAYMENTS, payment(4, paid_on="2026-01-03"))
    land(delivered, "billing", settle_seconds=0)
    assert removed(delivered, datetime.now(UTC) + timedelta(days=9)) == {"landed files": 2}
    assert reload(delivered) == 1


def test_a_pruned_landing_is_never_taken_for_the_whole_of_it(delivered: Home) -> None:
    settle(delivered, landing_days=30)
    landed_on(delivered, MIDNIGHT - timedelta(days=31), MIDNIGHT)
    removed(delivered)
    delivered.warehouse.unlink()
    with pytest.raises(InputError, match=rf"1 landed files .* pruned on .*, '{FIRST}' first: restore"):
        reload(delivered)


def test_a_copy_that_nobody_pruned_is_missing_as_before(delivered: Home) -> None:
    settle(delivered, landing_days=30)
    landed_on(delivered, MIDNIGHT - timedelta(days=31), MIDNIGHT)
    removed(delivered)
    for copy in delivered.landing.glob("??/*"):
        copy.unlink()
    assert verify(delivered).exit_code == 3


@pytest.mark.parametrize("step", ["recording", "removing"])
def test_a_killed_pruning_of_the_landing_is_finished_by_the_next(
    delivered: Home, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(delivered, landing_days=1)
    at = datetime.now(UTC) + timedelta(days=2)
    with monkeypatch.context() as dying:
        if step == "recording":
            dying.setattr(publication, "record_pruned", _die)
        else:
            unlinked = iter([True])
            unlink = Path.unlink
            dying.setattr(
                Path,
                "unlink",
                lambda path, **given: (
                    unlink(path, **given)
                    if path.parent.parent != delivered.landing or next(unlinked, False)
                    else _die()
                ),
            )
        with pytest.raises(Killed):
            removed(delivered, at)
    assert verify(delivered).exit_code == 0
    assert removed(delivered, at) == {"landed files": 2 if step == "recording" else 1}
    assert copies(delivered) == []
    assert kinds(delivered).count("pruned") == 1
    assert removed(delivered, at) == {}


class Killed(BaseException):
    pass


def _die(*_: object) -> None:
    raise Killed


def test_quarantined_cells_are_blanked_and_still_counted(delivered: Home) -> None:
    settle(delivered, quarantine_days=30)
    landed_on(delivered, MIDNIGHT, MIDNIGHT - timedelta(days=30))
    assert removed(delivered) == {}
    landed_on(delivered, MIDNIGHT, MIDNIGHT - timedelta(days=30, seconds=1))
    assert removed(delivered, dry_run=True) == {"quarantined values": 1}
    assert quarantined(delivered) == [(2, "amount", "secret")]
    assert removed(delivered) == {"quarantined values": 1}
    assert removed(delivered) == {}
    assert quarantined(delivered) == [(2, "amount", "(pruned on 2026-03-31)")]


def quarantined(home: Home) -> list[tuple[int, str, str]]:
    with closing(warehouse.connect(home, read_only=True)) as connection:
        return connection.execute("select source_row, column_name, value from raw.quarantine").fetchall()


def test_candidates_of_kept_publications_and_young_ones_stay(home: Home) -> None:
    settle(home, candidate_days=30)
    run(home)
    blocked = {days: audit(home, build(home, "2011-12-10", days), "block") for days in (30, 31)}
    for place in home.candidates.iterdir():
        date_back(place, MIDNIGHT - timedelta(days=365))
    date_back(blocked[30].folder, MIDNIGHT - timedelta(days=30))
    date_back(blocked[31].folder, MIDNIGHT - timedelta(days=30, seconds=1))
    assert removed(home, dry_run=True) == {"candidates": 1}
    assert blocked[31].folder.is_dir()
    assert removed(home) == {"candidates": 1}
    assert removed(home) == {}
    assert not blocked[31].folder.exists()
    assert len(list(home.candidates.iterdir())) == 2
    assert Ledger(home.ledger).entries()[-1]["pruned"] == [blocked[31].content_hash]
    assert "intact" in told(home)


def test_a_candidate_that_is_built_again_is_as_young_as_that(home: Home) -> None:
    settle(home, candidate_days=30)
    first = audit(home, build(home), "block")
    at = datetime.now(UTC) + timedelta(days=40)
    assert removed(home, at) == {"candidates": 1}
    again = audit(home, build(home), "block")
    assert again.content_hash == first.content_hash
    assert removed(home) == {}
    assert removed(home, at) == {"candidates": 1}
    assert kinds(home) == ["pruned", "pruned"]


@pytest.mark.parametrize("step", ["rename", "rmtree"])
def test_a_killed_pruning_of_candidates_is_finished_by_the_next(
    home: Home, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(home, candidate_days=30)
    audit(home, build(home), "block")
    at = datetime.now(UTC) + timedelta(days=40)
    for place in home.candidates.iterdir():
        date_back(place, datetime.now(UTC) - timedelta(hours=1))
    with monkeypatch.context() as dying:
        dying.setattr(Path if step == "rename" else shutil, step, _die_at_pruned(step))
        with pytest.raises(Killed):
            removed(home, at)
    assert removed(home, at) == {"candidates": 1}
    assert list(home.candidates.iterdir()) == []
    assert kinds(home) == ["pruned"]
    assert removed(home, at) == {}


def _die_at_pruned(step: str) -> object:
    given = getattr(Path if step == "rename" else shutil, step)

    def dying(path: Path, *more: Path, **options: object) -> object:
        if step == "rmtree" and not path.exists():
            return None
        if any(".pruned-" in each.name for each in (path, *more)):
            raise Killed
        return given(path, *more, **options)

    return dying


def test_logs_and_scratch_are_removed_by_the_day_they_were_last_written(home: Home) -> None:
    settle(home, log_days=30)
    task = home.airflow / "logs" / "dag_id=screen_accounts" / "run_id=1"
    compiled = home.scratch / "dbt" / "compiled"
    for folder in (task, compiled, home.scratch / "dbt"):
        folder.mkdir(parents=True, exist_ok=True)
    files = {path: path.write_text("x") for path in (task / "old.log", compiled / "old.sql")}
    kept = [task.parent / "young.log", compiled / "young.sql", home.scratch / "dbt" / "manifest.json"]
    for path in kept:
        path.write_text("x")
    date_back(home.scratch, MIDNIGHT - timedelta(days=30, seconds=1))
    date_back(home.airflow, MIDNIGHT - timedelta(days=30, seconds=1))
    for path in kept[:2]:
        date_back(path, MIDNIGHT - timedelta(days=30))
    assert removed(home, dry_run=True) == {"log files": 1, "scratch files": 1}
    assert all(path.exists() for path in files)
    assert removed(home) == {"log files": 1, "scratch files": 1}
    assert not task.exists() and not any(path.exists() for path in files)
    assert all(path.exists() for path in kept)
    assert removed(home) == {}


def test_a_link_among_the_logs_is_removed_and_not_what_it_leads_to(home: Home, tmp_path: Path) -> None:
    settle(home, log_days=30)
    other = tmp_path / "other"
    other.mkdir()
    (other / "theirs.log").write_text("x")
    logs = home.airflow / "logs"
    logs.mkdir()
    (logs / "latest").symlink_to(other)
    date_back(logs, MIDNIGHT - timedelta(days=31))
    date_back(other, MIDNIGHT - timedelta(days=31))
    assert removed(home) == {"log files": 1}
    assert (other / "theirs.log").exists()


def test_a_publication_that_made_room_is_said_to_be_pruned(home: Home) -> None:
    with (home.config / "company.yml").open("a") as settings:
        settings.write("\nkeep_publications: 1\n")
    run(home)
    run(home, "2011-12-10")
    with pytest.raises(
        InputError, match="there is no publication 2011-12-08-0001: these are kept: 2011-12-10"
    ):
        difference(home, "2011-12-08-0001", "2011-12-10-0002")
    day = datetime.now(UTC).date()
    with pytest.raises(InputError, match=f"publication 2011-12-09-0001 was pruned on {day}, the last 1 stay"):
        difference(home, "2011-12-10-0002", "2011-12-09-0001")


def test_what_was_pruned_cannot_be_put_back_and_says_when_it_went(home: Home) -> None:
    settle(home, candidate_days=30)
    with (home.config / "company.yml").open("a") as settings:
        settings.write("\nkeep_publications: 1\n")
    first = run(home)
    run(home, "2011-12-10", 7)
    for place in home.candidates.iterdir():
        date_back(place, MIDNIGHT - timedelta(days=31))
    assert removed(home) == {"candidates": 1}
    day = datetime.now(UTC).date()
    with pytest.raises(
        InputError, match=f"publication {first.publication_id} was pruned on {day}: the ledger"
    ):
        publication.rollback(home, first.publication_id)
    assert "intact" in told(home)


def test_pruning_waits_for_nobody_and_harms_nobody_at_work(home: Home) -> None:
    settle(home, candidate_days=30)
    build(home)
    with home.writer("building"), pytest.raises(WarehouseBusy, match="building"):
        prune(home, NOW)
    with durable.publishing(home, "publishing", 0), pytest.raises(WarehouseBusy, match="publishing"):
        prune(home, NOW)
    assert len(list(home.candidates.iterdir())) == 1


def test_nothing_is_pruned_on_the_word_of_a_changed_ledger(home: Home) -> None:
    settle(home, candidate_days=1)
    one = landed(home, b"a\n1\n")
    run(home, inputs=(one,))
    audit(home, build(home, "2011-12-10", 7), "block")
    home.ledger.write_bytes(home.ledger.read_bytes().replace(b'"seq":1', b'"seq":9'))
    with pytest.raises(LedgerChanged):
        prune(home, datetime.now(UTC) + timedelta(days=40))
    assert len(list(home.candidates.iterdir())) == 2


def test_the_command_says_what_went_and_what_is_lost(
    delivered: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(delivered.root))
    settle(delivered, landing_days=1)
    landed_on(delivered, NOW - timedelta(days=9999), datetime.now(UTC))
    assert main(["prune", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("would remove 1 landed files, 0.0 MB; gone: the records")
    assert main(["prune"]) == 0
    assert "removed 1 landed files" in capsys.readouterr().out
    assert main(["prune"]) == 0
    assert "removed 0 landed files\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retention: {landing_days: 0}", "retention.landing_days is '0', expected a whole number of days"),
        ("retention: {landing_days: 36526}", "retention.landing_days is '36526'"),
        ("retention: {landing_days: yes}", "retention.landing_days is 'True'"),
        ("retention: {logs: 3}", "retention has no 'logs', expected one of landing_days"),
        ("retention: 30", "retention is '30', expected"),
    ],
)
def test_a_retention_that_makes_no_sense_is_refused(home: Home, text: str, told: str) -> None:
    (home.config / "company.yml").write_text(f"reporting_currency: EUR\n{text}\n")
    with pytest.raises(InputError) as refusal:
        prune(home, NOW)
    assert told in str(refusal.value) and "company.yml" in str(refusal.value)


def test_a_home_without_a_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has nothing to prune"):
        prune(Home(tmp_path), NOW)


def test_events_told_to_openlineage_are_kept_as_long_as_logs(home: Home) -> None:
    settle(home, log_days=10)
    days = [MIDNIGHT - timedelta(days=10, seconds=1), MIDNIGHT - timedelta(days=10), NOW]
    lines = [f'{{"eventTime": "{day.isoformat(timespec="milliseconds")}"}}\n' for day in days]
    home.openlineage.write_text("".join(lines))
    assert removed(home, dry_run=True) == {"OpenLineage events": 1}
    assert home.openlineage.read_text() == "".join(lines)
    assert removed(home) == {"OpenLineage events": 1}
    assert home.openlineage.read_text() == "".join(lines[1:])
    assert removed(home) == {}
