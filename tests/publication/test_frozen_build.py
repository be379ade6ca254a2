"""Tables of a build that was frozen before are linked, where they are what was frozen."""

import os
from collections.abc import Collection
from datetime import date

import pytest
from made_company import FULL, facts, write_marts
from thermocline import company, contract, frozen_build, warehouse
from thermocline.candidate import Candidate
from thermocline.freezing import freeze
from thermocline.home import Home

CHANGED = ("segment_summary",)


def frozen(
    home: Home, change: str = "", fingerprint: str | None = "one", changed: Collection[str] | None = None
) -> Candidate:
    with warehouse.connect(home) as connection:
        write_marts(connection, marts=FULL)
        connection.execute(change or "select 1")
        return freeze(home, connection, facts(date(2011, 12, 9)), fingerprint, changed)


def files(candidate: Candidate) -> dict[str, set[int]]:
    return {
        name: {part.path.stat().st_ino for part in table.parts.values()}
        for name, table in candidate.tables.items()
    }


def linked(first: Candidate, before: dict[str, set[int]], again: Candidate) -> set[str]:
    again.check()
    assert again.content_hash == first.content_hash
    return {name for name, held in files(again).items() if held == before[name]}


REPACKED = (
    "update reporting.segment_summary set as_of_date = as_of_date; create table gate.more as select 1 as n"
)


def test_what_did_not_change_since_the_build_was_frozen_is_linked(home: Home) -> None:
    first = frozen(home)
    before = files(first)
    assert linked(first, before, frozen(home, REPACKED, changed=CHANGED)) == set(before) - {*CHANGED}


@pytest.mark.parametrize(
    ("fingerprint", "changed"), [("two", CHANGED), (None, CHANGED), ("one", None)], ids=str
)
def test_another_build_is_frozen_anew(
    home: Home, fingerprint: str | None, changed: Collection[str] | None
) -> None:
    first = frozen(home)
    before = files(first)
    again = frozen(home, REPACKED, fingerprint, changed)
    # Months are compared by what they hold.
    assert linked(first, before, again) == {*contract.MONTHLY}


def test_a_build_that_did_not_finish_leaves_no_note(home: Home) -> None:
    frozen(home, fingerprint=None)
    with warehouse.connect(home) as connection:
        assert frozen_build.of(home, connection, "one") is None


def test_what_a_build_that_failed_froze_in_other_packaging_is_never_linked(home: Home) -> None:
    first = frozen(home)
    failed = frozen(home, "update reporting.account_timeline set source_file = 'moved.csv'", fingerprint=None)
    assert failed.content_hash == first.content_hash
    # The same again, from which no candidate was made before the next run spared it.
    assert frozen(home, changed=CHANGED).stored_hash == first.stored_hash


def test_a_table_of_other_rows_is_never_linked(home: Home) -> None:
    frozen(home)
    again = frozen(
        home, "delete from reporting.account_segments where account_id = 'billing:1'", changed=CHANGED
    )
    assert again.tables["account_segments"].rows == 4
    again.check()


def test_a_table_of_another_treatment_is_never_linked(home: Home) -> None:
    first = frozen(home)
    company.path(home).parent.mkdir(parents=True, exist_ok=True)
    with company.path(home).open("a", encoding="utf-8") as file:
        file.write("reporting_currency: GBP\nprivacy: {columns: {account_segments.account_name: dropped}}\n")
    again = frozen(home, changed=CHANGED)
    assert again.content_hash != first.content_hash
    again.check()


@pytest.mark.parametrize("table", ["account_segments", "account_timeline"])
def test_damaged_files_are_never_linked(home: Home, table: str) -> None:
    first = frozen(home)
    path = next(iter(first.tables[table].parts.values())).path
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    again = frozen(home, REPACKED, changed=CHANGED)
    assert again.content_hash == first.content_hash
    again.check()


def test_where_files_cant_be_linked_they_are_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = frozen(home)
    before = files(first)

    def refused(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refused)
    assert linked(first, before, frozen(home, REPACKED, changed=CHANGED)) == set()


def test_what_the_gate_only_works_with_is_not_frozen(home: Home) -> None:
    again = frozen(home, "create table gate.int_document_money as select 1 as n")
    assert list(again.gate) == ["reconciliation"]
