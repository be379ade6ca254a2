"""The real wholesaler's year, against figures measured from its files with decimal arithmetic."""

import gzip
import random
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

from screened import Screened
from thermocline.audit.verification import verify
from thermocline.building.build import build
from thermocline.home import Home
from thermocline.landing.land import land

PARTS = 7
CONTENT = "06533239be35"
"""How the content hash of this year begins: it changes only where a result was wrong, on purpose."""


def test_the_content_is_what_it_was(year: Screened) -> None:
    assert year.built.content_hash[:12] == CONTENT


def test_every_customer_is_an_account(year: Screened) -> None:
    assert year.value("select count(*) from account_segments") == 4372


def test_revenue_of_accounts_and_of_nobody_is_all_revenue(year: Screened) -> None:
    accounts = year.value("select sum(revenue_lifetime) from account_segments")
    nobody = year.value("select unattributed_revenue from publication where is_current")
    assert nobody == Decimal("1447682.12")
    assert accounts + nobody == Decimal("9747747.934")


def test_no_line_is_lost(year: Screened) -> None:
    from thermocline.candidates.candidate import Candidate

    inputs = Candidate.read(year.home, year.built.content_hash).facts.inputs
    assert len(inputs) == 305
    assert sum(item.rows for item in inputs) == 541_909
    assert year.value("select count(*) from quarantine") == 0


def test_cancellations_and_adjustments_are_told_apart(year: Screened) -> None:
    kinds = dict(year.rows("select kind, count(*) from account_timeline where degrees < 0 group by kind"))
    assert set(kinds) == {"credit_note"}


def test_a_line_deleted_from_a_landed_copy_is_found_and_named(year: Screened) -> None:
    landed = sorted(path for path in year.home.landing.rglob("*.csv") if path.stat().st_size > 1000)[0]
    content = landed.read_bytes()
    landed.chmod(0o644)
    landed.write_bytes(content[: content.rstrip().rfind(b"\n") + 1])
    try:
        report = verify(year.home)
        assert report.exit_code == 3
        assert any(landed.name in line for line in report.lines())
    finally:
        landed.write_bytes(content)
    assert verify(year.home).exit_code == 0


def test_the_year_landed_again_in_other_packaging_gives_the_same_content(
    year: Screened, tmp_path: Path
) -> None:
    """Each second day again, its rows shuffled and packed; those of the others in seven files by invoice."""
    again = tmp_path / "again"
    again.mkdir()
    header = b""
    parts: list[list[bytes]] = [[] for _ in range(PARTS)]
    draw = random.Random(7)
    days = sorted(year.exports.glob("*.csv"))
    for nth, file in enumerate(days):
        header, *lines = file.read_bytes().splitlines(keepends=True)
        lines[-1] = lines[-1].rstrip() + b"\n"
        if nth % 2:
            for line in lines:
                parts[sum(line.split(b",", 1)[0]) % PARTS].append(line)
        else:
            draw.shuffle(lines)
            (again / f"{file.name}.gz").write_bytes(gzip.compress(header + b"".join(lines), 1))
    for n, lines in enumerate(parts):
        assert lines
        draw.shuffle(lines)
        (again / f"2011-12-10-{n}.csv.gz").write_bytes(gzip.compress(header + b"".join(lines), 1))
    home = Home(Path(shutil.copytree(year.home.root, tmp_path / "home", symlinks=True)))
    assert land(home, "billing", again, settle_seconds=0).landed == len(days[::2]) + PARTS
    assert build(home, date(2011, 12, 9), last_whole_day=date.max).content_hash == year.built.content_hash
