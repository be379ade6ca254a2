"""Hashes kept in order give the part's hash after any change, or nothing at all."""

from pathlib import Path

import numpy as np
import pytest
from thermocline import row_hashes
from thermocline.row_hashes import Words
from thermocline.sorted_hashes import SortedHashes


def rows(number: int, seed: int) -> Words:
    """Some that are equal, and some that begin alike."""
    made = np.random.default_rng(seed).integers(0, 2**64, (number, 4), dtype=np.uint64)
    made[1:4] = made[0]
    made[3, 3] = 7
    return made


@pytest.mark.parametrize("number", [4, 50, 30_000])
def test_a_changed_part_has_the_hash_of_its_rows(number: int, tmp_path: Path) -> None:
    before, come = rows(number, 1), rows(20, 2)
    kept = SortedHashes.of(before)
    assert kept.part_hash == row_hashes.part_hash(before)
    kept.write(tmp_path / "of" / "part")
    read = SortedHashes.read(tmp_path / "of" / "part", kept.part_hash)
    assert read
    gone = np.concatenate([before[:2], before[3:4], before[20:30]])
    staying = np.concatenate([before[2:3], before[4:20], before[30:]])
    for after, expected in (
        (read.changed(gone, come), np.concatenate([staying, come])),
        (read.changed(before, come), come),
        (read.changed(before[:0], come), np.concatenate([before, come])),
        (read.changed(before[3:4], before[:1]), np.concatenate([before[:3], before[4:], before[:1]])),
        (read.changed(before, before[:0]), before[:0]),
    ):
        assert after
        assert after.part_hash == row_hashes.part_hash(expected)
        assert after.hashes.tolist() == SortedHashes.of(expected).hashes.tolist()


def test_rows_that_are_not_there_are_never_taken_out() -> None:
    before = np.delete(rows(50, 1), 3, axis=0)
    kept = SortedHashes.of(before)
    assert kept.changed(rows(50, 2)[5:6], before[:0]) is None
    # Three are equal, but not four.
    assert kept.changed(before[[0, 0, 0]], before[:0])
    assert kept.changed(before[[0, 0, 0, 0]], before[:0]) is None
    assert SortedHashes.of(before[:0]).changed(before[:1], before[:0]) is None


@pytest.mark.parametrize("place", [0, 9, -1], ids=["number", "a bucket's hash", "a row"])
def test_what_is_damaged_is_not_used(place: int, tmp_path: Path) -> None:
    before = np.sort(rows(5000, 1), axis=0)
    kept = SortedHashes.of(before)
    kept.write(tmp_path / "part")
    content = bytearray((tmp_path / "part").read_bytes())
    content[place] ^= 1
    (tmp_path / "part").write_bytes(content)
    assert SortedHashes.read(tmp_path / "part", kept.part_hash) is None
    assert SortedHashes.read(tmp_path / "gone", kept.part_hash) is None
