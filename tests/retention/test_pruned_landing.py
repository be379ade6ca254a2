"""Pruning what was delivered: landed files and quarantined cells, on each side of their age."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from export_files import PAYMENTS, payment, write
from pruned import FIRST, MIDNIGHT, NOW, Killed, copies, kinds, landed_on, reload, removed, settle, told
from thermocline import warehouse
from thermocline.audit.verification import verify
from thermocline.command.cli import main
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.publishing import publication


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
