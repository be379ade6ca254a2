"""The chain: appended to whole, and no line edited, removed or swapped unseen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from thermocline.errors import LedgerChanged, LedgerTruncated
from thermocline.ledger.chain import BEGINNING, Ledger, check_head


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger.jsonl")
    for nth in range(1, 6):
        made.append("intent", {"publication_id": f"2011-12-09-{nth:04d}", "note": "Zoë", "n": nth})
    return made


def lines(ledger: Ledger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines(keepends=True)


def test_entries_are_chained_from_the_beginning(ledger: Ledger) -> None:
    entries = ledger.entries()
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["previous"] for entry in entries] == [BEGINNING, *(entry["hash"] for entry in entries[:-1])]
    assert ledger.head == entries[-1]["hash"]
    assert Ledger(ledger.path.with_name("none")).head == BEGINNING


CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "first removed": (lambda kept: kept[1:], r"entry 2 stands on line 1, entry 1 is due"),
    "one removed": (lambda kept: kept[:2] + kept[3:], r"entry 4 stands on line 3, entry 3 is due"),
    "two swapped": (
        lambda kept: [kept[0], kept[2], kept[1], *kept[3:]],
        r"entry 3 stands on line 2, entry 2 is due",
    ),
    "one twice": (lambda kept: [*kept, kept[-1]], r"entry 5 stands on line 6, entry 6 is due"),
    "a value edited": (
        lambda kept: [*kept[:3], kept[3].replace(b'"n":4', b'"n":5'), kept[4]],
        r"entry 4 \(line 4\) was edited",
    ),
    "a space added": (
        lambda kept: [kept[0].replace(b":", b": ", 1), *kept[1:]],
        r"entry 1 \(line 1\) was edited",
    ),
    "a line emptied": (lambda kept: [*kept[:1], b"\n", *kept[2:]], r"entry 2 \(line 2\) can't be read"),
    "not an object": (lambda kept: [*kept[:1], b"[]\n", *kept[2:]], r"entry 2 \(line 2\) can't be read"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_and_named(ledger: Ledger, change: str) -> None:
    changed, message = CHANGES[change]
    ledger.path.write_bytes(b"".join(changed(lines(ledger))))
    with pytest.raises(LedgerChanged, match=message):
        ledger.check_chain()
    with pytest.raises(LedgerChanged, match=message):
        ledger.append("intent", {})


def test_every_changed_byte_is_found(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    for position in range(0, len(whole) - 1, 7):
        flipped = bytearray(whole)
        flipped[position] ^= 0x01
        ledger.path.write_bytes(flipped)
        assert ledger.scan().problems, position


def test_an_edited_entry_with_its_own_hash_mended_is_found(ledger: Ledger, tmp_path: Path) -> None:
    forged = Ledger(tmp_path / "forged.jsonl")
    forged.append("intent", {"n": 9})
    mended = forged.path.read_bytes()
    ledger.path.write_bytes(b"".join([mended, *lines(ledger)[1:]]))
    with pytest.raises(LedgerChanged, match=r"entry 2 \(line 2\) doesn't follow the entry before"):
        ledger.check_chain()


def test_a_torn_last_line_is_no_entry_and_is_cut_off(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole + lines(ledger)[-1][:40])
    scan = ledger.scan()
    assert (len(scan.entries), scan.problems, len(scan.torn)) == (5, [], 40)
    ledger.append("abandoned", {"reason": "torn"})
    assert ledger.path.read_bytes().startswith(whole)
    assert [entry["seq"] for entry in ledger.entries()] == [1, 2, 3, 4, 5, 6]
    assert ledger.scan().torn == b""


def test_a_remembered_head_tells_a_cut_tail_from_another_entry(ledger: Ledger) -> None:
    entries = ledger.entries()
    check_head(entries, 4, entries[3]["hash"], "target duckdb")
    with pytest.raises(LedgerTruncated, match=r"names entry 5 .* ends at entry 3"):
        check_head(entries[:3], 5, entries[4]["hash"], "target duckdb")
    with pytest.raises(LedgerChanged, match="entry 4 isn't the one that target duckdb names"):
        check_head(entries, 4, "f" * 64, "target duckdb")


def test_an_entry_is_one_line_of_canonical_json(ledger: Ledger) -> None:
    for line in lines(ledger):
        entry = json.loads(line)
        assert line == json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
