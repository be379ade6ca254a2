"""The later statement of a record wins, in whatever order files come: random deliveries against an oracle."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest
from screened import Screened
from thermocline.building import transformation
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.load import load

FIRST = date(2024, 6, 1)
DAY = timedelta(days=1)
SEEDS = range(int(os.environ.get("THERMOCLINE_SEED", "1")), 1_000_000)
STREAMS, LANDINGS = 6, 6
HEADER = "invoice_id,customer_id,issued_at,currency,total,status,kind,updated_at"
UNDATED = ("invoices.csv", "invoices (1).csv", "invoices 2.csv", "invoices - Copy.csv", "old/invoices_2.csv")
DATED = ("{0:%Y-%m-%d}/invoices.csv", "invoices_{0:%Y%m%d}.csv", "{0:%d-%b-%Y}.csv", "b/{0:%d.%m.%Y}/a.csv")
MODELS = ("int_files_ordered", "deliveries/int_lookups", "billing/stg_billing__invoices")


@dataclass(frozen=True)
class Statement:
    """A path began to hold a content, or holds it since an earlier landing of the same day."""

    path: str
    content: tuple[tuple[str, str, str], ...]
    dated: date | None
    stated_on: date
    landing: int

    @property
    def position(self) -> tuple[date, int]:
        return self.stated_on, self.landing

    @property
    def delivery(self) -> object:
        return self.dated or (self.path, self.landing)

    @property
    def file(self) -> str:
        """Without what a browser or desktop adds to the name of a copy."""
        return re.sub(r"( - Copy)?( ?\(\d+\))?\.csv$", ".csv", self.path)


@dataclass
class Told:
    """All that was ever delivered, told without files, hashes or SQL."""

    statements: list[Statement] = field(default_factory=list)
    holds: dict[str, tuple] = field(default_factory=dict)

    def state(self, path: str, content: tuple, dated: date | None, today: date, landing: int) -> None:
        if self.holds.get(path) != content:
            self.holds[path] = content
            self.statements.append(Statement(path, content, dated, dated or today, landing))

    def last(self) -> list[Statement]:
        """Of each content the statement that counts."""
        best: dict[tuple, Statement] = {}
        for statement in self.statements:
            other = best.get(statement.content)
            if other is None or statement.position >= other.position:
                best[statement.content] = statement
        return list(best.values())

    def versions(self, key: str) -> list[tuple[str, Statement, str]]:
        """Updated at, statement and status of each version of a record."""
        return [
            (updated, statement, status)
            for statement in self.last()
            for number, status, updated in statement.content
            if number == key
        ]

    def winners(self, key: str) -> set[str]:
        """The statuses that a record may have: several where nothing says which is the later."""
        versions = self.versions(key)
        latest = max((updated, statement.position) for updated, statement, _ in versions)
        return {status for updated, statement, status in versions if (updated, statement.position) == latest}

    def is_undecided(self, key: str, status: str) -> bool:
        versions = self.versions(key)
        updated, position = max((updated, statement.position) for updated, statement, _ in versions)
        top = [s for u, s, said in versions if (u, s.position) == (updated, position) and said == status]
        return any(
            said != status
            and u == updated
            and one.landing == other.landing
            and (one.position == other.position or bool(one.dated) != bool(other.dated))
            for one in top
            for u, other, said in versions
        )

    def is_absent(self, key: str) -> bool:
        """Of full exports: the newest delivery lacks it, or the newest content of the file that had it."""
        last = self.last()
        newest = max(statement.position for statement in last)
        deliveries = {statement.delivery for statement in last if statement.position == newest}
        standing = [
            statement
            for statement in last
            if statement.delivery in deliveries
            and not any(
                other.delivery == statement.delivery
                and other.file == statement.file
                and other.position > statement.position
                for other in last
            )
        ]
        return not any(number == key for statement in standing for number, _, _ in statement.content)


class World:
    """A home whose exports change between landings, and what was told of it."""

    def __init__(self, root: Path, random: Random, mode: str) -> None:
        self.home = Home(root).prepare()
        self.exports = root / "exports"
        self.exports.mkdir(exist_ok=True)
        self.random, self.told, self.today, self.landing = random, Told(), FIRST + 10 * DAY, 0
        (self.home.config / "sources.yml").write_text(
            f"sources:\n- {{name: bills, mapping: canonical_billing, location: exports, mode: {mode}, "
            "delivery_dates: day_first}\n"
        )
        self.contents: list[tuple] = []
        self.written: dict[str, tuple[tuple, date | None]] = {}

    def content(self) -> tuple[tuple[str, str, str], ...]:
        """New records, or what some file held before."""
        random = self.random
        if self.contents and random.random() < 0.3:
            return random.choice(self.contents)
        keys = random.sample("ABCD", random.randint(1, 4))
        dates = ("", "", "", "2024-06-05", "2024-06-06")
        made = tuple(
            (key, random.choice(("open", "paid", "void")), random.choice(dates)) for key in sorted(keys)
        )
        self.contents.append(made)
        return made

    def path(self) -> tuple[str, date | None]:
        if self.random.random() < 0.5:
            return self.random.choice(UNDATED), None
        day = FIRST + self.random.choice((0, 1, 2, 9, 10, 11, 40)) * DAY
        return self.random.choice(DATED).format(day), day

    def deliver(self) -> None:
        """A landing after some paths were written, among them such as hold what they held."""
        self.landing += 1
        self.today += self.random.choice((0, 0, 1, 2)) * DAY
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            (path, dated), content = self.path(), self.content()
            if path in self.told.holds and self.random.random() < 0.2:
                content = self.told.holds[path]
            self.write(path, content)
            self.written[path] = content, dated
        for path, (content, dated) in self.written.items():
            self.told.state(path, content, dated, self.today, self.landing)
        self.written.clear()
        self.land()

    def write(self, path: str, content: tuple) -> None:
        file = self.exports / path
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            f"{key},C1,2024-05-01T10:00:00Z,EUR,10.00,{status},invoice,{at}" for key, status, at in content
        ]
        file.write_text("\n".join([HEADER, *rows, ""]))
        changed = 1_700_000_000 + self.landing * 1000
        os.utime(file, (changed, changed))

    def land(self) -> None:
        """Land what is there, by the world's clock instead of the machine's."""
        land(self.home, "billing", settle_seconds=0)
        with closing(sqlite3.connect(self.home.landing / "manifest.sqlite")) as book:
            book.execute(
                "update deliveries set stated_at = ? where stated_at > ?",
                [f"{self.today}T00:00:00.000+00:00", f"{self.today + 100 * DAY}"],
            )
            book.commit()


@pytest.fixture(scope="module")
def compiled(example: Screened) -> Path:
    return transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"


def built(
    home: Home, compiled: Path, connection: duckdb.DuckDBPyConnection
) -> dict[str, tuple[str, str, bool]]:
    """Status and file of each record's current version, and whether its order is called unknown."""
    load(home, connection, "UTC")
    for schema in ("staging", "config"):
        connection.execute(f"create schema if not exists {schema}")
    for name in MODELS:
        query = (compiled / "staging" / f"{name}.sql").read_text(encoding="utf-8")
        connection.execute(f"create or replace table staging.{Path(name).name} as {query}")
    # A figure of the gate: which records' order isn't known.
    macro = (compiled / "gate" / "records_contradicted.sql").read_text(encoding="utf-8")
    begin = macro.index("contradicted_invoices as (") + len("contradicted_invoices as (")
    undecided = macro[begin : macro.index("contradicted_payments as (")].rstrip().removesuffix("),")
    found = connection.execute(
        "select document_id, status, source_file, document_id in "
        f"(select document_id from ({undecided}) where measure = 'undecided_records') "
        "from staging.stg_billing__invoices where is_current"
    ).fetchall()
    return {key: (status, file, is_undecided) for key, status, file, is_undecided in found}


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(config={"threads": 1})) as connection:
        connection.execute("attach ':memory:' as warehouse; use warehouse; pragma disable_optimizer")
        yield connection


def test_what_was_stated_later_wins_whatever_is_rerun_or_rebuilt(compiled: Path, tmp_path: Path) -> None:
    for seed in SEEDS[:STREAMS]:
        mode = ("delta", "snapshot")[seed % 2]
        world = World(tmp_path / str(seed), Random(seed), mode)
        with connected() as step_by_step:
            for number in range(LANDINGS):
                world.deliver()
                if number % 2:
                    found = built(world.home, compiled, step_by_step)
            world.land()
            assert built(world.home, compiled, step_by_step) == found, seed
        with connected() as afresh:
            assert built(world.home, compiled, afresh) == found, seed
        assert set(found) == {number for s in world.told.statements for number, _, _ in s.content}, seed
        for key, (status, _, is_undecided) in found.items():
            said = (seed, key, world.told.statements)
            if mode == "snapshot" and world.told.is_absent(key):
                assert status == "void", said
                continue
            assert status in world.told.winners(key), said
            assert is_undecided == world.told.is_undecided(key, status), said
