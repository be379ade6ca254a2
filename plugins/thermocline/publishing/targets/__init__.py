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
"""Told the name of each step that has just ended."""


class TargetFailed(OSError):
    """A target can't be reached, or refuses; one line that never holds a secret."""


@dataclass(frozen=True)
class Base:
    """A publication that a target holds already, of which the next one may take over what is equal.

    tables: as they were frozen. files: SHA-256 by file name, as the ledger says that the target had them.
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
    """One place for readers. Methods raise OSError or duckdb.Error where it can't be reached."""

    name: str

    is_exact: bool
    """Whether it holds every table to the last digit; if not, `files` alone stand for what it holds."""

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        """Write all tables where no reader looks yet; replaces what a killed writer left."""

    def switch_to(self, publication_id: str) -> None:
        """Let readers see this publication, all tables at once."""

    def keep_only(self, publication_ids: Collection[str]) -> None:
        """Remove all other publications, and what killed writers left."""

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        """Remember the ledger's head."""

    def anchored(self) -> tuple[int, str] | None:
        """The remembered head; None if there never was one. Raises LedgerChanged if unreadable."""

    def current(self) -> str | None:
        """The publication that readers see; None if there is none or the way to it is broken."""

    def kept(self) -> list[str]:
        """The publications that are there, in sorted order."""

    def files(self, publication_id: str) -> dict[str, str]:
        """SHA-256 by file name of what holds the publication, read now; empty without files."""

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:
        """Names and DuckDB types of each table's columns as readers see them, in order."""

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:
        """Rows and hashes by table, read now, publication_id taken as in the candidate."""

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        """The rows of table `publication` as this publication holds it."""
