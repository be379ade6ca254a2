"""Verify finds every change: bytes of published files, cells in PostgreSQL, entries of the ledger."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_company import landed, run
from thermocline.audit.verification import verify
from thermocline.home import Home

DRAWN = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three publications from two landed files; each test puts back what it changes."""
    home = Home(tmp_path_factory.mktemp("changed") / "home").prepare()
    one, two = landed(home, b"a\n1\n2\n"), landed(home, b"a\n3\n", "2011-12-02.csv")
    run(home, "2011-12-09", inputs=(one,))
    run(home, "2011-12-10", inputs=(one, two))
    run(home, "2011-12-11", accounts=6, inputs=(one, two))
    assert verify(home).exit_code == 0
    return home


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    whole, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)
        path.chmod(mode)


def published_files(home: Home) -> list[Path]:
    """All that verify answers for: publications, landed copies, the current candidate, the head."""
    current = json.loads(home.ledger.read_bytes().splitlines()[-2])["content_hash"]
    return [
        *sorted(path for path in home.reporting.iterdir() if path.is_file() and not path.is_symlink()),
        *sorted(path for path in home.landing.rglob("*.csv")),
        *sorted(path for path in (home.candidates / current).rglob("*.parquet")),
    ]


def test_each_flipped_byte_of_a_published_file_is_found(home: Home) -> None:
    """Every file at its ends, and somewhere between."""
    drawn = random.Random(5)
    files = published_files(home)
    assert len(files) > 12
    for path in files:
        whole = path.read_bytes()
        for place in sorted({0, drawn.randrange(len(whole)), len(whole) - 1}):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << drawn.randrange(8)
            with changed(path, bytes(flipped)):
                report = verify(home)
            assert report.exit_code in (3, 4, 5), (path, place)
            assert report.findings, (path, place)
    assert verify(home).exit_code == 0


@DRAWN
@given(data=st.data())
def test_each_entry_removed_swapped_or_edited_is_found(home: Home, data: st.DataObject) -> None:
    lines = home.ledger.read_bytes().splitlines(keepends=True)
    kind = data.draw(st.sampled_from(["removed", "swapped", "edited", "doubled", "cut"]))
    place = data.draw(st.integers(0, len(lines) - 1))
    if kind == "removed":
        made = lines[:place] + lines[place + 1 :]
    elif kind == "cut":
        made = lines[:place]
    elif kind == "doubled":
        made = [*lines[: place + 1], *lines[place:]]
    elif kind == "swapped":
        other = data.draw(st.integers(0, len(lines) - 1).filter(lambda nth: nth != place))
        made = list(lines)
        made[place], made[other] = made[other], made[place]
    else:
        line = bytearray(lines[place])
        # The line's end is what `cut` and `removed` are about.
        at = data.draw(st.integers(0, len(line) - 2))
        line[at] ^= data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
        made = [*lines[:place], bytes(line), *lines[place + 1 :]]
    with changed(home.ledger, b"".join(made)):
        report = verify(home)
    cut = kind == "cut" or (kind == "removed" and place == len(lines) - 1)
    assert report.exit_code == (5 if cut else 4), (kind, place, report.lines())


def test_a_removed_file_is_found(home: Home, tmp_path: Path) -> None:
    for path in published_files(home):
        away = tmp_path / path.name
        shutil.move(path, away)
        try:
            assert verify(home).exit_code in (3, 5), path
        finally:
            shutil.move(away, path)
    assert verify(home).exit_code == 0
