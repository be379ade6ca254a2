"""`thermocline override` and `thermocline scorecard` on the example's publication."""

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from screened import Screened
from thermocline import warehouse
from thermocline.command.cli import main
from thermocline.company import tables
from thermocline.home import Home

SAID = ("--by", "Ann Lee", "--because", '=they said "maybe"')


@pytest.fixture
def home(example: Screened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The example's publication and configuration."""
    home = Home(tmp_path / "home").prepare()
    shutil.copytree(example.home.reporting, home.reporting, symlinks=True, dirs_exist_ok=True)
    shutil.copy(example.home.config / "scorecards.csv", home.config / "scorecards.csv")
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    return home


@pytest.fixture
def account(example: Screened) -> str:
    return str(example.value("select min(account_id) from account_segments"))


def day(example: Screened, days: int) -> str:
    return str(example.built.as_of + timedelta(days=days))


def loaded(home: Home, table: str) -> list[tuple[object, ...]]:
    """What a run reads of the table."""
    with warehouse.connect(home, Path(":memory:")) as connection:
        tables.load(home, connection)
        return connection.execute(f"select * from config.{table} order by all").fetchall()


def test_an_override_begins_on_the_day_after_the_published_one(
    home: Home, example: Screened, account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = account.split(":")[1]
    assert main(["override", "add", code, "hot", "--until", day(example, 30), *SAID]) == 0
    assert f"{account} is hot from {day(example, 1)} until {day(example, 30)}" in capsys.readouterr().out
    first, last = (date.fromisoformat(day(example, days)) for days in (1, 30))
    assert loaded(home, "overrides") == [
        (account, "hot", '=they said "maybe"', "Ann Lee", first, last, 1),
    ]
    assert main(["override"]) == 0
    assert 'by Ann Lee: =they said "maybe"' in capsys.readouterr().out


def test_an_override_that_a_run_would_refuse_is_not_written(
    home: Home, example: Screened, account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The day after the last of another one is free, its last day isn't."""
    until = day(example, 30)
    assert main(["override", "add", account, "hot", "--until", until, *SAID]) == 0
    file = home.config / "overrides.csv"
    before = file.read_bytes()
    again = ["override", "add", account, "cold", "--until", day(example, 40), *SAID, "--from"]
    assert main([*again, until]) == 2
    assert f"{file}, row 2: overlaps an earlier override" in capsys.readouterr().err
    assert main(["override", "add", account, "cold", "--until", day(example, 0), *SAID]) == 2
    assert "valid_until lies before valid_from" in capsys.readouterr().err
    assert main(["override", "add", "nobody at all", "hot", "--until", until, *SAID]) == 2
    assert "nobody at all" in capsys.readouterr().err
    assert main(["override", "add", account, "hot", "--until", until, "--by", "A\nB", "--because", "x"]) == 2
    assert file.read_bytes() == before
    assert main([*again, day(example, 31)]) == 0
    assert len(loaded(home, "overrides")) == 2


def test_a_row_follows_the_order_of_the_files_own_columns(
    home: Home, example: Screened, account: str
) -> None:
    (home.config / "overrides.csv").write_text(
        "approver,account_id,reason,valid_until,valid_from,temperature\nBo,x,y,2020-01-02,2020-01-01,cold"
    )
    assert main(["override", "add", account, "hot", "--until", day(example, 9), *SAID]) == 0
    assert {row[0]: row[1] for row in loaded(home, "overrides")} == {"x": "cold", account: "hot"}


def proposed(home: Home) -> Path:
    """A proposal of version 2, as `calibrate` leaves it."""
    file = home.config / "proposals" / "scorecard-2.csv"
    file.parent.mkdir()
    with (home.config / "scorecards.csv").open(newline="") as written:
        (row,) = csv.DictReader(written)
    with file.open("w", newline="") as proposal:
        writer = csv.DictWriter(proposal, list(row))
        writer.writeheader()
        writer.writerow({**row, "scorecard_version": "2", "effective_from": "", "hot_at": "1.5"})
    return file


def test_a_proposal_takes_effect_after_the_published_day_and_not_on_it(
    home: Home, example: Screened, capsys: pytest.CaptureFixture[str]
) -> None:
    file = proposed(home)
    assert main(["scorecard", "activate", str(file), "--from", day(example, 0)]) == 2
    assert f"so name {day(example, 1)} or a later day" in capsys.readouterr().err
    assert len(loaded(home, "scorecards")) == 1
    assert main(["scorecard", "activate", str(file)]) == 0
    assert f"version 2 takes effect on {day(example, 1)}" in capsys.readouterr().out
    assert [str(row[1]) for row in loaded(home, "scorecards")] == ["0001-01-01", day(example, 1)]
    assert main(["scorecard"]) == 0
    assert "version 2 from" in capsys.readouterr().out


def test_a_version_is_activated_once_and_only_from_a_proposal(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    file = proposed(home)
    assert main(["scorecard", "activate", str(file)]) == 0
    before = (home.config / "scorecards.csv").read_bytes()
    assert main(["scorecard", "activate", str(file)]) == 2
    assert "scorecard_version is given twice" in capsys.readouterr().err
    assert main(["scorecard", "activate", str(home.config / "scorecards.csv")]) == 2
    assert "expected the one row of a proposal" in capsys.readouterr().err
    assert main(["scorecard", "activate", str(home.root / "nothing.csv")]) == 2
    assert (home.config / "scorecards.csv").read_bytes() == before
