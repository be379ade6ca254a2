"""Where readers read: one module per kind of target, all behind `Target`.

Only `thermocline.publishing.publication` calls the methods that change a target: `write_publication`,
`switch_to`, `keep_only` and `anchor_head`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.hashing import TableHash

Progress = Callable[[str], None]
"""Called with the name of each step that has just ended."""


class TargetFailed(OSError):
    """A target that can't be reached or refuses a request; its one line never contains a secret."""


@dataclass(frozen=True)
class Base:
    """Hold the publication that a target has now, whose unchanged content the next one may reuse.

    tables: as they were frozen. files: SHA-256 by file name, as the ledger recorded them.
    """

    publication_id: str
    tables: Mapping[str, FrozenTable]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Edition:
    """All that a target needs to write one publication.

    tables: as frozen, publication_id still null. publication, gate_checks: rows by the columns of the
    contract. base: the publication before it in this target, where its candidate is still there.
    """

    publication_id: str
    tables: Mapping[str, FrozenTable]
    publication: Sequence[Mapping[str, Any]]
    gate_checks: Sequence[Mapping[str, Any]]
    base: Base | None = None


class Target(Protocol):
    """One place where readers read. Its methods raise OSError or duckdb.Error if it can't be reached."""

    name: str

    is_exact: bool
    """Whether it stores every table to the last digit; if not, only `files` can be verified."""

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        """Write all tables where no reader looks yet, replacing what a killed writer left."""

    def switch_to(self, publication_id: str) -> None:
        """Switch readers to this publication, all tables at once."""

    def keep_only(self, publication_ids: Collection[str]) -> None:
        """Remove all other publications, and what killed writers left."""

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        """Store the ledger's head (number and hash of its last entry)."""

    def anchored(self) -> tuple[int, str] | None:
        """Return the stored head; None if there never was one. Raise LedgerChanged if it is unreadable."""

    def current(self) -> str | None:
        """Return the id of the publication that readers see; None if there is none or its link is broken."""

    def kept(self) -> list[str]:
        """Return the ids of the publications in this target, sorted."""

    def files(self, publication_id: str) -> dict[str, str]:
        """Return SHA-256 by file name of the publication's files, read now; empty if it has no files."""

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:
        """Return DuckDB type by column, by table, in the order that readers see."""

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:
        """Return rows and hashes by table, read now, with publication_id null as in the candidate."""

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        """Return the rows of table `publication` in this publication."""
