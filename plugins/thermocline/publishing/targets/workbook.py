"""The Excel target: a workbook for people without a BI tool, in a folder that they reach.

    accounts.xlsx                             a copy of the current publication's
    earlier/accounts-2026-06-30-0001.xlsx     the kept publications, read-only
    .ledger-head                              `<seq> <hash>` of the last ledger entry

A workbook holds numbers as Excel does, to fifteen digits, and the tables of SHEETS only.
"""

import os
import re
import shutil
import zipfile
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from thermocline import durable, warehouse
from thermocline.candidates import contract
from thermocline.candidates.hashing import TableHash
from thermocline.errors import LedgerChanged
from thermocline.home import Home
from thermocline.publishing.targets import Edition, Progress
from thermocline.publishing.targets.sheets import fill_sheets, new_workbook

CURRENT = "accounts.xlsx"
EARLIER = "earlier"
HEAD = ".ledger-head"

_NAME = re.compile(r"accounts-(\d{4}-\d\d-\d\d-\d{4,})\.xlsx")
_PUBLICATION = re.compile(rb"<dc:subject>([^<]*)</dc:subject>")


class Workbook:
    """Publications as workbooks in one folder."""

    is_exact = False

    def __init__(self, home: Home, name: str, folder: Path) -> None:
        self.home = home
        self.name = name
        self.folder = folder
        self.earlier = folder / EARLIER

    def path(self, publication_id: str) -> Path:
        return self.earlier / f"accounts-{publication_id}.xlsx"

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        self.earlier.mkdir(parents=True, exist_ok=True)
        temporary = self.earlier / f".writing-{edition.publication_id}-{os.getpid()}"
        try:
            with (
                new_workbook(temporary, edition.publication_id, self.home.scratch) as book,
                closing(warehouse.connect(self.home, Path(":memory:"))) as connection,
            ):
                fill_sheets(book, connection, edition, progress)
            temporary.chmod(durable.READ_ONLY)
            durable.sync(temporary)
            progress("written")
            temporary.replace(self.path(edition.publication_id))
        finally:
            temporary.unlink(missing_ok=True)
        durable.sync(self.earlier)

    def switch_to(self, publication_id: str) -> None:
        temporary = self.folder / f".{CURRENT}-{os.getpid()}"
        try:
            shutil.copyfile(self.path(publication_id), temporary)
            temporary.chmod(durable.READ_ONLY)
            durable.sync(temporary)
            temporary.replace(self.folder / CURRENT)
        finally:
            temporary.unlink(missing_ok=True)
        durable.sync(self.folder)

    def keep_only(self, publication_ids: Collection[str]) -> None:
        for folder in filter(Path.is_dir, (self.folder, self.earlier)):
            for path in folder.iterdir():
                named = _NAME.fullmatch(path.name) if folder == self.earlier else None
                begun = path.name.startswith((".writing-", f".{CURRENT}-", f".{HEAD}-"))
                if begun or (named and named[1] not in publication_ids):
                    path.unlink()

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        durable.replace(self.folder / HEAD, f"{seq} {entry_hash}\n".encode())

    def anchored(self) -> tuple[int, str] | None:
        path = self.folder / HEAD
        if not path.exists():
            return None
        found = re.fullmatch(rb"(\d+) ([0-9a-f]{64})\n", path.read_bytes())
        if not found:
            raise LedgerChanged(f"{path} is damaged: restore it from a backup")
        return int(found[1]), found[2].decode()

    def current(self) -> str | None:
        path = self.folder / CURRENT
        with suppress(OSError, KeyError, zipfile.BadZipFile):
            with zipfile.ZipFile(path) as book:
                named = _PUBLICATION.search(book.read("docProps/core.xml"))
            publication_id = named[1].decode() if named else ""
            if durable.file_hash(path) == durable.file_hash(self.path(publication_id)):
                return publication_id
        return None

    def kept(self) -> list[str]:
        if not self.earlier.is_dir():
            return []
        return sorted(named[1] for path in self.earlier.iterdir() if (named := _NAME.fullmatch(path.name)))

    def files(self, publication_id: str) -> dict[str, str]:
        path = self.path(publication_id)
        return {path.name: durable.file_hash(path)} if path.exists() else {}

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:  # noqa: ARG002
        return {}

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:  # noqa: ARG002
        return {}

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        kinds = contract.PUBLICATION_COLUMNS
        return [
            {name: _value(kinds[name], value) for name, value in row.items()}
            for row in self._rows(publication_id, contract.PUBLICATION)
        ]

    def _rows(self, publication_id: str, sheet: str) -> Iterator[dict[str, Any]]:
        import openpyxl

        with closing(openpyxl.load_workbook(self.path(publication_id), read_only=True)) as book:
            rows = book[sheet].iter_rows(values_only=True)
            header = [str(name) for name in next(rows)]
            for row in rows:
                yield dict(zip(header, row, strict=True))


def _value(kind: str, value: Any) -> Any:
    """Return a cell in the contract's type: Excel knows no dates without a time and no decimals."""
    if value is None:
        return None
    if kind == "date" and isinstance(value, datetime):
        return value.date()
    if kind == "timestamp" and isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    if kind.startswith("decimal"):
        return round(Decimal(str(value)), 4)
    return value
