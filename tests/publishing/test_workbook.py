"""The Excel target: a workbook that people open."""

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from made_company import FULL, audit, build, run
from thermocline.audit.verification import verify
from thermocline.errors import TargetBehind
from thermocline.home import Home
from thermocline.publishing.publication import publish, targets
from thermocline.publishing.targets import sheets

NAMES = (
    *("=1+1", "+49 30 1", "-5", "@SUM(A1)", "\t=1", "\r=1"),
    *("a\x0bb", "plain", "_x0041_ = 1", "a\ufffeb\uffff"),
    *("<r><t>A & B</t></r>", "https://crm.example/1", "1E5"),
)


@pytest.fixture
def home(home: Home) -> Home:
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\nkeep_publications: 2\ntargets:\n  - kind: excel\n    folder: for sales\n"
    )
    return home


def workbook(home: Home) -> Path:
    return home.root / "for sales" / "accounts.xlsx"


def read(home: Home, sheet: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(workbook(home))[sheet].rows]


def named(names: tuple[str, ...]) -> str:
    listed = ", ".join(" || ".join(f"chr({ord(char)})" for char in name) for name in names)
    return f"update reporting.account_segments set account_name = [{listed}][account_code::integer]"


def test_people_find_the_segments_with_types_filters_and_a_frozen_header(home: Home) -> None:
    candidate = audit(home, build(home, accounts=5, marts=FULL))
    publish(home, candidate.content_hash)
    book = openpyxl.load_workbook(workbook(home))
    assert book.sheetnames == list(sheets.SHEETS)
    for name in book.sheetnames:
        assert book[name].freeze_panes == "B2"
        assert book[name].auto_filter.ref == book[name].dimensions
    sheet = book["account_segments"]
    header = [cell.value for cell in sheet[1]]
    assert header == list(candidate.tables["account_segments"].columns)
    found = {name: [row[nth] for row in sheet.iter_rows(min_row=2)] for nth, name in enumerate(header)}
    assert [cell.value for cell in found["temperature"]] == ["hot", "hot", "cold", "cold", "cold"]
    assert [cell.value for cell in found["heat"]] == [
        0.444444444,
        0.222222222,
        0.555555555,
        0.333333333,
        0.111111111,
    ]
    assert {cell.value for cell in found["as_of_date"]} == {datetime(2011, 12, 9)}
    assert {cell.number_format for cell in found["as_of_date"]} == {"yyyy-mm-dd"}
    assert {cell.number_format for cell in found["revenue_365d"]} == {"#,##0.00"}
    assert {cell.value for cell in found["publication_id"]} == {"2011-12-09-0001"}
    one, other = (target.publications("2011-12-09-0001") for target in targets(home))
    assert [row["ledger_hash"] for row in other] == [row["ledger_hash"] for row in one]
    assert verify(home).lines()[0].startswith("intact")


def test_no_cell_is_a_formula(home: Home) -> None:
    run(home, accounts=len(NAMES), marts=FULL, change=named(NAMES))
    sheet = openpyxl.load_workbook(workbook(home))["account_segments"]
    column = [cell.value for cell in sheet[1]].index("account_name")
    found = {row[1].value: row[column] for row in sheet.iter_rows(min_row=2)}
    assert all(cell.data_type == "s" for cell in found.values())
    assert [bool(found[str(nth)].quotePrefix) for nth in range(1, 14)] == [True] * 6 + [False] * 7
    assert [found[str(nth)].value for nth in (1, 2, 3, 4, *range(7, 14))] == [
        "=1+1",
        "+49 30 1",
        "-5",
        "@SUM(A1)",
        "a\ufffdb",
        "plain",
        # What Excel shows as _x0041_, where _x0041_ would be an A.
        "_x005F_x0041_ = 1",
        "a\ufffdb\ufffd",
        "<r><t>A & B</t></r>",
        "https://crm.example/1",
        "1E5",
    ]


def test_a_day_before_excels_calendar_is_shown_as_text(home: Home) -> None:
    days = {1: "1899-12-31", 2: "1900-02-28", 3: "1900-03-01", 4: "0001-01-01"}
    told = " ".join(f"when {code} then date '{day}'" for code, day in days.items())
    run(
        home,
        marts=FULL,
        change="update reporting.account_segments set hot_or_cold_since = "
        f"case account_code::integer {told} else hot_or_cold_since end",
    )
    header, *rows = read(home, "account_segments")
    code, since = header.index("account_code"), header.index("hot_or_cold_since")
    found = {int(row[code]): row[since] for row in rows}
    assert [found[nth] for nth in days] == ["1899-12-31", "1900-02-28", datetime(1900, 3, 1), "0001-01-01"]


def test_more_rows_than_a_sheet_holds_go_on_on_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_PER_SHEET", 4)
    run(home, accounts=7)
    book = openpyxl.load_workbook(workbook(home))
    parts = [name for name in book.sheetnames if name.startswith("account_segments")]
    assert parts == ["account_segments", "account_segments (2)", "account_segments (3)"]
    assert [book[name].max_row for name in parts] == [4, 4, 2]
    assert {tuple(cell.value for cell in book[name][1]) for name in parts} == {
        ("account_id", "account_code", "temperature", "as_of_date", "heat", "publication_id")
    }
    codes = [row[1] for name in parts for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert sorted(codes) == [str(nth) for nth in range(1, 8)]


def test_the_workbook_is_switched_kept_and_mended(home: Home) -> None:
    for nth in range(3):
        run(home, f"2011-12-{10 + nth}", accounts=5 + nth)
    excel = targets(home)[1]
    assert (excel.current(), excel.kept()) == ("2011-12-12-0003", ["2011-12-11-0002", "2011-12-12-0003"])
    assert len(read(home, "account_segments")) == 1 + 7
    assert [row[0] for row in read(home, "publication")] == [
        "publication_id",
        "2011-12-12-0003",
        "2011-12-11-0002",
    ]
    assert verify(home).lines()[0].startswith("intact")
    edited = openpyxl.load_workbook(workbook(home))
    edited["account_segments"]["C2"] = "hot"
    workbook(home).unlink()
    edited.save(workbook(home))
    report = verify(home)
    assert (report.exit_code, excel.current()) == (3, None)
    assert "target excel leads readers to no publication" in report.lines()[0]
    assert run(home, "2011-12-12", accounts=7).outcome == "unchanged"
    assert excel.current() == "2011-12-12-0003"
    assert verify(home).lines()[0].startswith("intact")
    kept = workbook(home).parent / "earlier" / "accounts-2011-12-11-0002.xlsx"
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert "file accounts-2011-12-11-0002.xlsx of publication 2011-12-11-0002" in verify(home).lines()[0]


def test_a_folder_that_is_gone_is_completed_later(home: Home) -> None:
    run(home)
    folder = workbook(home).parent
    folder.rename(home.root / "away")
    folder.write_text("not a folder")
    with pytest.raises(TargetBehind, match=r"2011-12-10-0002 is published, .*excel failed"):
        run(home, "2011-12-10", accounts=7)
    folder.unlink()
    (home.root / "away").rename(folder)
    assert run(home, "2011-12-10", accounts=7).outcome == "unchanged"
    assert targets(home)[1].current() == "2011-12-10-0002"
