"""An example's files, read with Python's own CSV reader."""

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """One record of a file: where it stands, and its cells by header (surplus ones under None)."""

    file: str
    number: int
    cells: dict[str | None, Any]

    @property
    def delivery(self) -> str:
        return self.file.split("/")[1]

    def __getitem__(self, header: str) -> str:
        return self.cells[header]


class Example:
    """The files below one example's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.records = cache(self._records)

    def read(self, file: str) -> list[Record]:
        with (self.folder / file).open(encoding="utf-8", newline="") as text:
            rows = csv.DictReader(text, strict=True)
            return [Record(file, number, cells) for number, cells in enumerate(rows, start=1)]

    def _records(self, name: str) -> list[Record]:
        """All records of a kind of file, in the order of the deliveries."""
        paths = sorted(self.folder.glob(f"*/*/{name}.csv"))
        return [record for path in paths for record in self.read(path.relative_to(self.folder).as_posix())]

    def entry(self, entry: dict[str, Any]) -> Record:
        """The record that an entry of the truth names."""
        return self.read(entry["file"])[entry["record"] - 1]

    def places(self, *kinds: str, expect: str | None = None) -> set[tuple[str, int]]:
        """(file, record) of the truth's entries of these kinds, or of what is expected of them."""
        return {
            (entry["file"], entry["record"])
            for entry in self.truth["entries"]
            if entry["kind"] in kinds or entry["expect"] == expect
        }

    def readable(self, name: str) -> list[Record]:
        unreadable = self.places(expect="quarantined")
        return [record for record in self.records(name) if (record.file, record.number) not in unreadable]

    def latest(self, name: str, key: str, changed: str) -> dict[str, Record]:
        """The last state of each readable thing."""
        last: dict[str, Record] = {}
        for record in self.readable(name):
            known = last.get(record[key])
            if not known or (record[changed], record.delivery) >= (known[changed], known.delivery):
                last[record[key]] = record
        return last
