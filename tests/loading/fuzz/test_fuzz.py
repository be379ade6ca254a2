"""A few hundred damaged files and forms of values; `make fuzz` takes ten thousand and more."""

import value_forms
from fuzzing import fuzz


def test_whatever_files_hold_nothing_escapes_and_nothing_is_lost():
    found = fuzz(170, seed=20240105)
    assert found["files"] == 170
    assert min(found[name] for name in ("left_out", "loaded", "quarantined")) > 25
    # Most of the damage is told record by record, not file by file.
    assert found["files"] - found["left_out"] > 100


def test_a_cell_is_the_value_that_it_says_or_its_record_is_quarantined():
    found = value_forms.fuzz(120, seed=20240105)
    assert found["read"] + found["quarantined"] == 120 * 24
    assert min(found.values()) > 800
