"""Pruning candidates, beside publications, a ledger and others at work."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_company import audit, build, landed, run
from pruned import (
    MIDNIGHT,
    NOW,
    Killed,
    date_back,
    kinds,
    removed,
    settle,
    told,
)
from thermocline.errors import InputError, LedgerChanged, WarehouseBusy
from thermocline.home import Home
from thermocline.insight.difference import difference
from thermocline.ledger.chain import Ledger
from thermocline.publishing import publication
from thermocline.retention.pruning import prune


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
    with home.publishing("publishing", 0), pytest.raises(WarehouseBusy, match="publishing"):
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
