"""Candidates: what a build wants to publish, frozen under the hash of its content."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thermocline import durable, warehouse
from thermocline.candidates import hashing
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.errors import ContentChanged, InputError, ThermoclineError
from thermocline.home import Home
from thermocline.ledger.facts import Facts

VERDICTS = ("pass", "warn", "block")
MANIFEST = "candidate.json"
VERDICT = "verdict.json"


@dataclass(frozen=True)
class Candidate:
    """A frozen build: immutable files in `candidates/<content_hash>/`, and the gate's verdict."""

    home: Home
    folder: Path
    content_hash: str
    stored_hash: str
    facts: Facts
    tables: dict[str, FrozenTable]
    gate: dict[str, FrozenTable]
    digest: str
    """SHA-256 of candidate.json, which names every file's SHA-256."""

    @classmethod
    def read(cls, home: Home, content_hash: str) -> "Candidate":
        """Read a candidate. Raise InputError if there is none, ContentChanged if it is damaged."""
        if not re.fullmatch(r"[0-9a-f]{64}", content_hash):
            raise InputError(f"{content_hash!r} isn't a content hash: give all 64 hex digits")
        manifest = home.candidates / content_hash / MANIFEST
        try:
            content = manifest.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"there is no candidate {content_hash} in {home.candidates}: build it again"
            ) from None
        try:
            candidate = cls.parse(home, manifest.parent, content)
            hashes = {name: table.hashes for name, table in candidate.tables.items()}
            intact = candidate.content_hash == content_hash == hashing.content_hash(
                hashes
            ) and candidate.stored_hash == hashing.stored_hash(hashes)
        except (ValueError, KeyError, TypeError, AttributeError, ThermoclineError):
            intact = False
        if not intact:
            raise ContentChanged(f"{manifest} was changed after it was frozen: build it again")
        return candidate

    @classmethod
    def parse(cls, home: Home, folder: Path, content: bytes) -> "Candidate":
        """Return the candidate that a manifest describes, unchecked."""
        stored = json.loads(content)
        tables, gate = (
            {name: FrozenTable.from_json(place, name, table) for name, table in stored[key].items()}
            for key, place in (("tables", folder), ("gate", folder / "gate"))
        )
        return cls(
            home,
            folder,
            stored["content_hash"],
            stored["stored_hash"],
            Facts.from_json(stored["facts"]),
            tables,
            gate,
            hashlib.sha256(content).hexdigest(),
        )

    def problems(self, rows: bool = True) -> Iterator[str]:
        """Yield one message per table that was changed since; `rows` also rehashes intact files."""
        intact = []
        for table in (*self.tables.values(), *self.gate.values()):
            problem = next(self._damaged(table), None)
            if problem:
                yield problem
            elif rows and table.name in self.tables:
                intact.append(table)
        if not intact:
            return
        with closing(warehouse.connect(self.home, Path(":memory:"))) as connection:
            for table in intact:
                if table.found(connection) != table.hashes:
                    yield f"{self._where(table)} doesn't hold the rows that {MANIFEST} names"

    def _damaged(self, table: FrozenTable) -> Iterator[str]:
        for file in (part.file for part in table.parts.values()):
            if not file.path.is_file():
                yield f"{self._where(table, file.path)} is missing"
            elif (found := durable.file_hash(file.path)) != file.sha256:
                yield (
                    f"{self._where(table, file.path)} was changed: SHA-256 {file.sha256} expected, "
                    f"{found} found"
                )

    def _where(self, table: FrozenTable, path: Path | None = None) -> str:
        return f"table {table.name} of candidate {self.content_hash} ({path or self.folder})"

    def check(self, rows: bool = True) -> None:
        """Recompute all hashes; without `rows` only the files', as unchanged files have unchanged rows.

        Raise ContentChanged naming the table.
        """
        for problem in self.problems(rows):
            raise ContentChanged(f"{problem}: build and audit it again")

    def write_verdict(self, verdict: Mapping[str, Any]) -> None:
        """Store the gate's verdict, bound to exactly this candidate's files.

        Keys: candidate, verdict (pass, warn, block), warnings, predecessor (a publication_id or
        None), audited_at, checks. Raise ThermoclineError if it is incomplete.
        """
        body = dict(verdict)
        body.pop("binding", None)
        if (
            body.get("candidate") != self.content_hash
            or body.get("verdict") not in VERDICTS
            or not body.get("checks")
            or not {"warnings", "predecessor", "audited_at"} <= set(body)
        ):
            raise ThermoclineError(
                f"the verdict on candidate {self.content_hash} is incomplete or of another one: "
                "it needs candidate, verdict, warnings, predecessor, audited_at and checks"
            )
        body["binding"] = self._binding(body)
        durable.replace(self.folder / VERDICT, json.dumps(body, indent=1, sort_keys=True).encode() + b"\n")

    def drop_verdict(self) -> None:
        """Remove an earlier verdict, so that an audit that fails leaves none."""
        (self.folder / VERDICT).unlink(missing_ok=True)

    def read_verdict(self) -> dict[str, Any] | None:
        """Return the gate's verdict; None before the audit.

        Raise ContentChanged if the candidate or the verdict changed since the audit.
        """
        try:
            body = json.loads((self.folder / VERDICT).read_bytes())
            binding = body.pop("binding")
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            body, binding = {}, None
        if binding is None or binding != self._binding(body):
            raise ContentChanged(
                f"the verdict {self.folder / VERDICT} is of other content, or was changed: "
                "audit the candidate again"
            )
        return dict(body)

    def _binding(self, verdict: Mapping[str, Any]) -> str:
        bound = durable.canonical({"candidate": self.digest, "verdict": verdict})
        return hashlib.sha256(bound).hexdigest()
