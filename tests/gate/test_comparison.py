"""What the gate compares of a candidate with what readers see, on a few made accounts."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import duckdb
import pytest
from thermocline.gate.comparison import FIGURES, Comparison, compared

PUBLISHED_ON, AS_OF = date(2024, 6, 1), date(2024, 6, 10)
SEGMENTS = "(account_id varchar, temperature varchar, revenue_365d decimal(18, 4))"


class Company:
    """A candidate and a publication, each of a few accounts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute(
            f"""
            attach ':memory:' as published; create schema published.reporting; create schema candidate;
            create table published.reporting.account_segments {SEGMENTS};
            create table candidate.account_segments {SEGMENTS};
            create table candidate.scorecards (scorecard_version integer, effective_from date);
            create table candidate.scorecard_paths
            (scorecard_version integer, account_id varchar, changed_on date, temperature varchar);
            create table candidate.overrides
            (account_id varchar, temperature varchar, valid_from date, valid_until date);
            create table candidate.account_timeline (event_id varchar, account_id varchar,
            occurred_at timestamp, source varchar, source_file varchar, source_row bigint);
            """
        )
        self.fill("candidate.scorecards", (1, "2020-01-01"))

    def fill(self, table: str, *rows: tuple[Any, ...]) -> None:
        for row in rows:
            self.connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)

    def published(self, *rows: tuple[Any, ...]) -> None:
        self.fill("published.reporting.account_segments", *rows)

    def candidate(self, *rows: tuple[Any, ...]) -> None:
        self.fill("candidate.account_segments", *rows)

    def compared(self) -> Comparison:
        return compared(self.connection, PUBLISHED_ON, AS_OF)


@pytest.fixture
def company() -> Iterator[Company]:
    with closing(duckdb.connect()) as connection:
        yield Company(connection)


def test_shares_of_accounts_and_of_revenue_are_compared(company: Company) -> None:
    company.published(("a", "hot", 30), ("b", "cold", 10))
    company.candidate(("a", "hot", 10), ("b", "cold", 30), ("c", "cold", 0), ("d", "cold", 0))
    assert company.compared().figures == dict(zip(FIGURES, (0.25, 0.5, None, None), strict=True))


def test_revenue_that_is_gone_has_left_the_hot_accounts(company: Company) -> None:
    company.published(("a", "hot", 30), ("b", "cold", 10))
    company.candidate(("a", "hot", 0), ("b", "cold", 0))
    assert company.compared().figures == dict(zip(FIGURES, (0.0, 0.75, None, None), strict=True))


def test_without_accounts_there_are_no_shares_to_compare(company: Company) -> None:
    company.published(("a", "hot", 30))
    assert company.compared().figures == dict.fromkeys(FIGURES)


def test_an_account_that_moved_is_listed_with_its_newest_record(company: Company) -> None:
    """Of two records at the same time the one with the greater id; without records no place."""
    company.published(("a", "hot", 0), ("b", "cold", 0), ("c", "hot", 0), ("left", "hot", 0))
    company.candidate(("a", "cold", 0), ("b", "hot", 0), ("c", "hot", 0), ("new", "cold", 0))
    company.fill(
        "candidate.account_timeline",
        ("e1", "a", "2024-05-01 09:00:00", "crm", "old", 1),
        ("e2", "a", "2024-05-02 09:00:00", "crm", "new", 2),
        ("e3", "a", "2024-05-02 09:00:00", "crm", "new", 3),
        ("flip", "a", "2024-05-09 09:00:00", None, None, None),
        ("e4", "c", "2024-05-02 09:00:00", "crm", "new", 4),
    )
    moved = company.compared().moved
    assert [row[1:] for row in moved if row[0] == "hot_share_moved"] == [
        ("a", "hot before, cold now", "crm", "new", 3),
        ("b", "cold before, hot now", None, None, None),
        ("left", "hot before, absent now", None, None, None),
        ("new", "absent before, cold now", None, None, None),
    ]
    assert {row[0] for row in moved} == {"hot_share_moved", "hot_revenue_share_moved"}


def new_scorecard(company: Company) -> None:
    """Version 2 finds cold what version 1 found hot on the published day, and the other way round."""
    company.fill("candidate.scorecards", (2, "2024-06-10"), (3, "2024-06-11"))
    company.fill(
        "candidate.scorecard_paths",
        (1, "falls", "2024-05-01", "hot"),
        (2, "rises", "2024-06-01", "hot"),
        (2, "too_late", "2024-06-02", "hot"),
        (1, "overruled", "2024-05-01", "hot"),
        (1, "cooled", "2024-01-01", "hot"),
        (1, "cooled", "2024-05-20", "cold"),
    )
    company.fill(
        "candidate.overrides",
        ("overruled", "hot", "2024-05-20", "2024-06-01"),
        ("falls", "hot", "2024-06-02", "2024-06-09"),
    )


def test_a_new_scorecard_is_tried_on_the_published_day(company: Company) -> None:
    """Overrides of that day win under both; an account that readers don't see yet isn't counted."""
    new_scorecard(company)
    company.published(
        ("falls", "hot", 30), ("rises", "cold", 10), ("too_late", "cold", 20), ("overruled", "hot", 40)
    )
    company.candidate(("falls", "cold", 30), ("rises", "hot", 10), ("newcomer", "hot", 0))
    found = company.compared()
    assert [row[1:3] for row in found.moved if row[0] == "scorecard_moved_hot_share"] == [
        ("falls", "hot before, cold now"),
        ("rises", "cold before, hot now"),
    ]
    assert found.figures["scorecard_moved_hot_share"] == 0
    assert found.figures["scorecard_moved_hot_revenue_share"] == 0.2


def test_the_effect_of_a_new_scorecard_is_no_shift(company: Company) -> None:
    """Of four accounts the new one turns one cold, as readers will see: nothing else moved."""
    company.fill("candidate.scorecards", (2, "2024-06-10"))
    company.fill("candidate.scorecard_paths", (1, "a", "2024-05-01", "hot"), (1, "b", "2024-05-01", "hot"))
    company.fill("candidate.scorecard_paths", (2, "b", "2024-05-01", "hot"))
    company.published(*((name, "hot" if name in "ab" else "cold", 10) for name in "abcd"))
    company.candidate(*((name, "hot" if name == "b" else "cold", 10) for name in "abcd"))
    assert company.compared().figures == dict(zip(FIGURES, (0.0, 0.0, 0.25, 0.25), strict=True))


def test_a_scorecard_that_ruled_the_published_day_already_changes_nothing(company: Company) -> None:
    company.fill("candidate.scorecards", (2, "2024-06-01"))
    company.fill("candidate.scorecard_paths", (1, "a", "2024-05-01", "hot"))
    company.published(("a", "cold", 0))
    company.candidate(("a", "cold", 0))
    assert company.compared().figures == dict(zip(FIGURES, (0.0, 0.0, None, None), strict=True))
