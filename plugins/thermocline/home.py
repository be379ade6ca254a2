"""Where one company's state lives, and who may write to it."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from thermocline import locks
from thermocline.errors import InputError

PROJECT = Path(__file__).resolve().parents[2]

NOT_IN_A_HOME = re.compile(r"[#?$\\\x00-\x1f\x7f\ud800-\udfff]")
"""What a library takes out of a path: DuckDB `?` and `\\`, dbt `#`, Airflow `$`; and what isn't text."""

INSTALLED = Path(sys.prefix) / "thermocline"
"""Beside the installed package: what libraries build from it, shared by all homes."""


@dataclass(frozen=True)
class Home:
    """The folder named by THERMOCLINE_HOME: one company's configuration, data and evidence."""

    root: Path

    @classmethod
    def current(cls) -> "Home":
        """Return the home of this process: THERMOCLINE_HOME, else `var` in the checkout.

        Raise InputError for a path that DuckDB, dbt or Airflow would read as another one.
        """
        root = Path(os.environ.get("THERMOCLINE_HOME") or PROJECT / "var").resolve()
        if found := NOT_IN_A_HOME.search(str(root)):
            raise InputError(
                f"THERMOCLINE_HOME {str(root)!r} holds the character {found[0]!r}: name a folder without "
                "any of # ? $ \\ and line breaks in its path, which DuckDB, dbt and Airflow read otherwise"
            )
        return cls(root)

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def candidates(self) -> Path:
        return self.root / "candidates"

    @property
    def records(self) -> Path:
        """Records that builds keep for auditors, by hash."""
        return self.root / "records"

    @property
    def reporting(self) -> Path:
        return self.root / "reporting"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.jsonl"

    @property
    def openlineage(self) -> Path:
        """Events reported to OpenLineage, one a line."""
        return self.root / "openlineage.jsonl"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def scratch(self) -> Path:
        """Temporary files and logs of dbt and DuckDB; safe to delete between runs."""
        return self.root / "scratch"

    def prepare(self) -> "Home":
        """Create the folders. Raise InputError where the home can't be written."""
        try:
            for folder in (
                self.config,
                self.exports,
                self.landing,
                self.candidates,
                self.reporting,
                self.airflow,
                self.site,
                self.scratch,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise InputError(
                f"THERMOCLINE_HOME {self.root} can't be written ({error.strerror}): "
                "make it writable, or point THERMOCLINE_HOME at a folder that is"
            ) from error
        return self

    @contextmanager
    def writer(self, purpose: str, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the one writer's lock for `purpose`; the system drops it if the process dies.

        Raise WarehouseBusy, naming the holder, if it isn't free within `wait_seconds`.
        """
        busy = f"{self.warehouse} is held by {{holder}}: wait until it ends, then run again"
        with locks.exclusive(self.root / "warehouse.lock", purpose, busy, wait_seconds):
            yield

    @contextmanager
    def publishing(self, purpose: str, wait_seconds: float) -> Iterator[None]:
        """Hold the publishers' lock: its holder may switch targets, write the ledger, swap candidates.

        Apart from `writer`, since publishing doesn't touch the warehouse. The system drops it if the
        process dies. Raises WarehouseBusy, naming the holder, if it isn't free within `wait_seconds`.
        """
        busy = f"publishing in {self.root} is in use by {{holder}}: wait until it ends, then run again"
        with locks.exclusive(self.root / "publishing.lock", purpose, busy, wait_seconds):
            yield

    def is_publishing(self) -> bool:
        """Return whether a process holds the publishers' lock at this moment."""
        return locks.is_held(self.root / "publishing.lock")
