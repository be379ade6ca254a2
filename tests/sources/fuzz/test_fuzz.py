"""A few hundred damaged files; `make fuzz` takes ten thousand."""

from fuzzing import fuzz


def test_whatever_files_hold_nothing_escapes_and_nothing_is_lost():
    found = fuzz(170, seed=20240105)
    assert found["files"] == 170
    assert min(found[name] for name in ("left_out", "loaded", "quarantined")) > 25
    # Most of the damage is told record by record, not file by file.
    assert found["files"] - found["left_out"] > 100
