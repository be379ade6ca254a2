"""The ledger: what was published, from what and by which rules, each entry bound to the one before.

`ledger.jsonl` holds one entry a line, in canonical JSON, only ever appended to:

    seq       1, 2, 3 ...
    kind      intent (before a publication), done (after it, one per target), abandoned,
              reopened (the current publication is of a wrong, later day), pruned
    at        UTC time
    ...       what the kind says, see `intents` and `publisher`
    previous  the hash of the entry before, 64 zeros for the first
    hash      SHA-256 of the entry's canonical JSON without `hash`
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.errors import LedgerChanged, LedgerTruncated

Entry = dict[str, Any]

BEGINNING = "0" * 64
REOPENED = "reopened"
_RESTORE = "restore ledger.jsonl from a backup"


@dataclass(frozen=True)
class Scan:
    """The intact entries, what is wrong with the others, and a last line without its end."""

    entries: list[Entry]
    problems: list[str]
    torn: bytes


@dataclass
class Recorded:
    """One publication as the ledger tells it: its intent, and how it ended in each target."""

    intent: Entry
    done: dict[str, Entry] = field(default_factory=dict)
    abandoned: Entry | None = None

    @property
    def publication_id(self) -> str:
        return str(self.intent["publication_id"])

    @property
    def is_open(self) -> bool:
        """Whether it was begun, and isn't recorded as done anywhere nor as abandoned."""
        return self.abandoned is None and not self.done


class Ledger:
    """Reads, checks and appends to one `ledger.jsonl`; writers hold `Home.publishing`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def scan(self) -> Scan:
        """Read as many entries as possible; a torn last line (a killed writer's) is no entry."""
        content = self.path.read_bytes() if self.path.exists() else b""
        *lines, torn = content.split(b"\n")
        entries: list[Entry] = []
        problems: list[str] = []
        seq, previous = 0, BEGINNING
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                body = {key: value for key, value in entry.items() if key != "hash"}
                intact = durable.canonical(entry) == line and entry["hash"] == _hash(body)
                found, before = int(entry["seq"]), entry["previous"]
            except (ValueError, KeyError, TypeError, AttributeError):
                problems.append(f"entry {seq + 1} (line {number}) can't be read")
                seq, previous = seq + 1, ""
                continue
            if not intact:
                problems.append(f"entry {found} (line {number}) was edited")
                seq, previous = found, ""
                continue
            if found != seq + 1:
                problems.append(f"entry {found} stands on line {number}, entry {seq + 1} is due")
            elif previous and before != previous:
                problems.append(f"entry {found} (line {number}) doesn't follow the entry before it")
            entries.append(entry)
            seq, previous = found, entry["hash"]
        return Scan(entries, problems, torn)

    def entries(self) -> list[Entry]:
        """Return all entries, oldest first. Raise LedgerChanged naming the first that isn't intact."""
        scan = self.scan()
        if scan.problems:
            raise LedgerChanged(f"{self.path}: {scan.problems[0]}: {_RESTORE}")
        return scan.entries

    def check_chain(self) -> None:
        """Raise LedgerChanged, naming the entry, if one was edited, removed or swapped."""
        self.entries()

    @property
    def head(self) -> str:
        """The last entry's hash; BEGINNING where there is none."""
        entries = self.entries()
        return str(entries[-1]["hash"]) if entries else BEGINNING

    def append(self, kind: str, body: Mapping[str, Any]) -> Entry:
        """Append one entry and return it, synced to disk; a torn last line is cut off first."""
        entries = self.entries()
        entry: Entry = {
            **body,
            "kind": kind,
            "seq": len(entries) + 1,
            "at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "previous": str(entries[-1]["hash"]) if entries else BEGINNING,
        }
        entry["hash"] = _hash(entry)
        whole = self.path.read_bytes().rfind(b"\n") + 1 if self.path.exists() else 0
        with self.path.open("ab") as file:
            file.truncate(whole)
            file.write(durable.canonical(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        durable.sync(self.path.parent)
        return entry


def check_head(entries: Sequence[Entry], seq: int, head: str, witness: str) -> None:
    """Check that the ledger contains entry `seq` with the hash that `witness` stored.

    Raise LedgerTruncated where the ledger ends before it, LedgerChanged where another entry has its number.
    """
    if any(entry["hash"] == head for entry in entries):
        return
    if any(entry.get("seq") == seq for entry in entries):
        raise LedgerChanged(f"ledger.jsonl: entry {seq} isn't the one that {witness} names: {_RESTORE}")
    raise LedgerTruncated(
        f"ledger.jsonl: its tail is missing, {witness} names entry {seq} ({head[:12]}…) and the "
        f"ledger ends at entry {entries[-1].get('seq') if entries else 0}: {_RESTORE}"
    )


def recorded(entries: Sequence[Entry]) -> dict[str, Recorded]:
    """Return the publications by id, in the order of their intents."""
    found: dict[str, Recorded] = {}
    for entry in entries:
        publication_id = str(entry.get("publication_id"))
        if entry.get("kind") == "intent":
            found[publication_id] = Recorded(entry)
        elif publication_id in found and entry.get("kind") == "done":
            found[publication_id].done[str(entry["target"])] = entry
        elif publication_id in found and entry.get("kind") == "abandoned":
            found[publication_id].abandoned = entry
    return found


def completed(publications: Iterable[Recorded]) -> list[Recorded]:
    """Return the publications that reached a target, in the given order."""
    return [each for each in publications if each.done and not each.abandoned]


def reopened_from(entries: Sequence[Entry], current: Recorded) -> date | None:
    """Return the day from which runs publish again, where the current publication's day was called wrong."""
    days = [
        date.fromisoformat(entry["as_of_date"])
        for entry in entries
        if entry.get("kind") == REOPENED and entry["publication_id"] == current.publication_id
    ]
    return days[-1] if days else None


def day_held(entries: Sequence[Entry], current: Recorded) -> date:
    """Return the day before which nothing is published any more: reporting doesn't go back by itself."""
    return reopened_from(entries, current) or date.fromisoformat(current.intent["as_of_date"])


def contradictions(publications: Iterable[Recorded]) -> Iterator[str]:
    """Yield one line per publication that is both done and abandoned, which no publisher writes."""
    for each in publications:
        if each.done and each.abandoned:
            yield (
                f"publication {each.publication_id} is done in {', '.join(sorted(each.done))} and abandoned "
                f"in entry {each.abandoned['seq']}"
            )


def all_inputs(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return every input that any entry names, once, in the order of the ledger."""
    named = {
        (item["source"], item["path"], item["sha256"]): item
        for entry in entries
        if entry.get("kind") == "intent"
        for item in entry["new_inputs"]
    }
    return list(named.values())


def last_inputs(entries: Sequence[Entry]) -> set[tuple[str, str, str]]:
    """Return source, path and SHA-256 of the inputs of the last intent."""
    inputs: set[tuple[str, str, str]] = set()
    for entry in entries:
        if entry.get("kind") == "intent":
            inputs |= {(item["source"], item["path"], item["sha256"]) for item in entry["new_inputs"]}
            inputs -= {(source, path, sha256) for source, path, sha256 in entry["gone_inputs"]}
    return inputs


def inputs_of(entries: Sequence[Entry], intent: Entry) -> list[dict[str, Any]]:
    """Return one entry per file that the publication was built from: source, path, SHA-256, bytes, rows."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries:
        if entry["kind"] != "intent" or entry["seq"] > intent["seq"]:
            continue
        for item in entry["new_inputs"]:
            found[item["source"], item["path"], item["sha256"]] = item
        for source, name, sha256 in entry["gone_inputs"]:
            found.pop((source, name, sha256), None)
    return [found[key] for key in sorted(found)]


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(durable.canonical(body)).hexdigest()
