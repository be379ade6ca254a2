"""The example company in several lengths of its past, and homes in which it is screened.

var/bench/<size>/example/          made once by `thermocline example`, and kept
var/bench/<size>/loaded/           see `prepared`, kept as well
var/bench/<size>/<name>/exports/   the deliveries of its last days, as hard links; a copied company has none
var/bench/<size>/<name>/home/      a home of Thermocline
"""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

import duckdb
from processes import Taken, run
from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT, Home
from thermocline.publishing import publication

BENCH = PROJECT / "var" / "bench"
COMMAND = Path(sys.executable).with_name("thermocline")
MASTER_DATA = ("Account.csv", "Contact.csv", "Customers.csv", "ExchangeRates.csv")
"""What a shorter past needs of the time before it."""
DAILY = 3
"""The last deliveries, which come day by day after the first load."""


@dataclass(frozen=True)
class Size:
    """How big a company is: accounts, and days and invoice lines of its longest past.

    past: the days of the first load's; other_pasts: those that are compared with it, the shortest also with
    pandas; runs: how often each is measured.
    """

    name: str
    accounts: int
    days: int
    lines: int
    past: int
    runs: int
    other_pasts: tuple[int, ...] = ()

    @property
    def folder(self) -> Path:
        return BENCH / self.name

    @property
    def is_made(self) -> bool:
        """Whether the exports lie there."""
        return (self.folder / "example" / "truth.json").exists()

    @property
    def longest_past(self) -> int | None:
        """The days of a past that is longer than the first load's, if one is compared."""
        longest = max(self.other_pasts, default=0)
        return longest if longest > self.past else None

    def example(self) -> Path:
        """The exports of the whole past, made where they aren't there yet."""
        made = self.folder / "example"
        if not self.is_made:
            self.folder.mkdir(parents=True, exist_ok=True)
            run(
                [
                    *(COMMAND, "example", "--out", made, "--accounts", str(self.accounts)),
                    *("--days", str(self.days), "--lines", str(self.lines)),
                ],
                self.folder / "example.log",
            )
        return made


class Company:
    """One past of the example, its home, and what is yet to be delivered."""

    def __init__(self, size: Size, name: str, days: int) -> None:
        self.size, self.days = size, days
        self.root = size.folder / name
        self.exports = self.root / "exports"
        self.home = Home(self.root / "home")
        self.coming = list[list[Path]]()

    @classmethod
    def dealt(cls, size: Size, name: str, days: int) -> "Company":
        """With all of its exports but the last few, and without a home."""
        company = cls(size, name, days)
        company.deal()
        return company

    def deal(self) -> None:
        """Deliver anew all exports but the last few; what was there before is removed."""
        self.remove()
        self.coming = deliver(self.size.example(), self.exports, self.days)

    def copied(self, name: str) -> "Company":
        """This company as it stands, in another home: what never changes once it is written is linked.

        Its exports are this one's own, since a file under another path would be read anew. What comes to
        them goes with the copy.
        """
        other = Company(self.size, name, self.days)
        other.exports = self.exports
        other.remove()
        other.coming = days_to_come(self.size.example())
        shutil.copytree(self.home.root, other.home.root, symlinks=True, copy_function=_linked_or_copied)
        return other

    @property
    def lines(self) -> int:
        """Invoice lines that its home has read."""
        with closing(duckdb.connect(str(self.home.warehouse), read_only=True)) as connection:
            found = connection.execute(
                "select coalesce(sum(rows_read), 0)::bigint from raw.files "
                "where ends_with(source_file, 'InvoiceLines.csv')"
            ).fetchone()
        return found[0] if found else 0

    @property
    def as_of(self) -> str:
        return max(folder.name for folder in (self.exports / "billing").glob("????-??-??"))

    def fresh(self, like: Home) -> None:
        """An empty home, with Airflow's database and dbt's own state from another one."""
        shutil.rmtree(self.home.root, ignore_errors=True)
        self.home.prepare()
        for name in ("database-version", "keys.json"):
            shutil.copy(like.airflow / name, self.home.airflow / name)
        # Not by copying the file: what was written last may still stand beside it.
        with (
            closing(sqlite3.connect(like.airflow / "airflow.db")) as source,
            closing(sqlite3.connect(self.home.airflow / "airflow.db")) as target,
        ):
            source.backup(target)
        shutil.copytree(like.scratch / "dbt", self.home.scratch / "dbt")

    def anew(self) -> Taken:
        """The first run of an empty home."""
        shutil.rmtree(self.home.root, ignore_errors=True)
        return self.screened()

    def screened(self) -> Taken:
        """One run, through the DAGs."""
        taken = run(
            [COMMAND, "run", "--exports", self.exports],
            self.root / "run.log",
            THERMOCLINE_HOME=str(self.home.root),
        )
        if "  hot " not in taken.output:
            raise ThermoclineError(f"a run published nothing: see {self.root / 'run.log'}")
        return taken

    def next_day(self) -> None:
        """The next delivery of both systems comes in."""
        if not self.coming:
            raise ThermoclineError("the example has no further day to deliver")
        for folder in self.coming.pop(0):
            link(folder, self.exports / folder.parent.name / folder.name)

    def _withdraw(self) -> None:
        """Take back the deliveries of all days that come one by one."""
        for folder in chain(*days_to_come(self.size.example())):
            shutil.rmtree(self.exports / folder.parent.name / folder.name, ignore_errors=True)

    def temperatures(self) -> dict[str, str]:
        """As published, by account."""
        with closing(duckdb.connect(str(publication.database(self.home)), read_only=True)) as connection:
            rows = connection.execute(
                "select account_id, temperature from reporting.account_segments"
            ).fetchall()
        return dict(rows)

    def remove(self) -> None:
        """Remove its exports and its home; from exports that are another's, what came to them since."""
        if not self.exports.is_relative_to(self.root):
            self._withdraw()
        for path in self.root.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(self.root, ignore_errors=True)


def deliver(example: Path, exports: Path, days: int) -> list[list[Path]]:
    """Link the last `days` of the example's deliveries but the last few, which are returned day by day."""
    names = sorted(folder.name for folder in (example / "billing").iterdir())
    since = _days_before(names[-1], days)
    for system in ("crm", "billing"):
        for name in names[:-DAILY]:
            only = None if name > since else MASTER_DATA
            link(example / system / name, exports / system / name, only)
    return days_to_come(example)


def days_to_come(example: Path) -> list[list[Path]]:
    """The deliveries of the last few days, day by day."""
    days = sorted(folder.name for folder in (example / "billing").iterdir())[-DAILY:]
    return [[example / system / day for system in ("crm", "billing")] for day in days]


def _linked_or_copied(source: str, target: str) -> None:
    if not Path(source).stat(follow_symlinks=False).st_mode & 0o222:
        os.link(source, target, follow_symlinks=False)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _days_before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def link(source: Path, target: Path, only: tuple[str, ...] | None = None) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        if only is None or file.name in only:
            os.link(file, target / file.name)
