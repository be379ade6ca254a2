"""Two publications of one company, a correction between them: who differs, and by which record."""

import hashlib
import os
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from screened import Screened, screen
from thermocline.audit.verification import verify
from thermocline.command import cli
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.difference import Difference, difference
from thermocline.insight.difference_text import render

CUSTOMERS = "CustomerNo,Name,Email,CRMAccount,Country,Created,Changed"
INVOICES = "InvoiceNo,CustomerNo,InvoiceDate,DueDate,Currency,Total,Status,Changed"
CREDIT_NOTES = "CreditNoteNo,CustomerNo,CreditedInvoiceNo,Date,Currency,Total,Changed"

THEN, NEXT = date(2026, 6, 30), date(2026, 7, 1)


def deliver(exports: Path, day: date, name: str, *lines: str) -> None:
    """A file that has settled: it was changed an hour ago."""
    file = exports / "billing" / day.isoformat() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    changed = file.stat().st_mtime - 3600
    os.utime(file, (changed, changed))


def invoice(number: object, day: str, changed: date, status: str = "Open") -> str:
    """The customers 3 to 7 buy for 300.00, which makes them hot; for the others 100.00 is typical."""
    customer = str(number).split("-")[0]
    total = "300.00" if 3 <= int(customer) <= 7 else "100.00"
    return f"R-{number},K-{customer},2026-{day},2026-{day},EUR,{total},{status},{changed}"


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Corrected:
    """Twelve customers with one invoice each, some of them hot; the next day voids and credits come."""

    def __init__(self, folder: Path, home: Home) -> None:
        exports, self.home = folder / "exports", home
        numbers = range(1, 13)
        customers = [f"K-{n},Customer {n},,,DE,2026-05-01,2026-05-01" for n in numbers]
        deliver(exports, THEN, "Customers.csv", CUSTOMERS, *customers)
        deliver(exports, THEN, "Invoices.csv", INVOICES, *(invoice(n, "06-01", THEN) for n in numbers))
        self.before = screen(self.home, exports, THEN)
        self.file = self.home.reporting / f"{self.before.published.publication_id}.duckdb"
        self.hash = file_hash(self.file)
        deliver(
            exports, NEXT, "Invoices.csv", INVOICES,
            invoice("5-1", "07-01", NEXT), invoice("6-1", "06-10", NEXT),
            invoice(3, "06-01", NEXT, "Void"), invoice(1, "06-01", NEXT, "Paid"),
        )  # fmt: skip
        deliver(exports, NEXT, "CreditNotes.csv", CREDIT_NOTES, f"C-4,K-4,R-4,2026-06-20,EUR,300.00,{NEXT}")
        self.after = screen(self.home, exports, NEXT)

    @property
    def ids(self) -> tuple[str, str]:
        return self.before.published.publication_id, self.after.published.publication_id


@pytest.fixture(scope="module")
def corrected(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Corrected:
    folder = tmp_path_factory.mktemp("corrected")
    return Corrected(folder, example.begin(folder / "home"))


@pytest.fixture(scope="module")
def found(corrected: Corrected) -> Difference:
    return difference(corrected.home, *corrected.ids)


def test_both_were_published(corrected: Corrected) -> None:
    assert [corrected.before.published.outcome, corrected.after.published.outcome] == ["published"] * 2


def test_exactly_the_corrected_accounts_differ_on_the_earlier_day(found: Difference) -> None:
    assert found.day == THEN
    told = [(account.account_id, account.earlier, account.later) for account in found.accounts]
    assert told == [("kontor:K-3", "hot", "cold"), ("kontor:K-4", "hot", "cold")]


def test_a_void_is_named_with_its_file_and_record(found: Difference) -> None:
    [record] = found.accounts[0].records
    assert (record.kind, record.document_id) == ("invoice", "R-3")
    assert record.earlier and record.later
    assert (record.earlier.degrees, record.earlier.outcome) == (Decimal("1.5"), "open")
    assert (record.later.degrees, record.later.outcome) == (None, "void")
    assert (record.earlier.source_file, record.earlier.source_row) == ("billing/2026-06-30/Invoices.csv", 3)
    assert (record.later.source_file, record.later.source_row) == ("billing/2026-07-01/Invoices.csv", 3)


def test_a_late_credit_note_is_named_with_its_file_and_record(found: Difference) -> None:
    [record] = found.accounts[1].records
    assert (record.kind, record.document_id, record.earlier) == ("credit_note", "C-4", None)
    assert record.later
    assert (record.later.degrees, record.later.occurred_on) == (Decimal("-1.5"), date(2026, 6, 20))
    assert (record.later.source_file, record.later.source_row) == ("billing/2026-07-01/CreditNotes.csv", 1)


def test_the_earlier_publication_is_as_it_was(corrected: Corrected, found: Difference) -> None:
    assert found.earlier.publication_id == corrected.before.published.publication_id
    assert file_hash(corrected.file) == corrected.hash
    assert verify(corrected.home).exit_code == 0


def test_before_the_corrected_records_nothing_differs_but_the_void(corrected: Corrected) -> None:
    [account] = difference(corrected.home, *corrected.ids, date(2026, 6, 19)).accounts
    assert account.account_id == "kontor:K-3"


def test_the_command_compares_the_last_two_and_names_the_records(
    corrected: Corrected, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(corrected.home.root))
    assert cli.main(["diff"]) == 0
    told = capsys.readouterr().out
    assert cli.main(["diff", *reversed(corrected.ids)]) == 0
    assert capsys.readouterr().out == told
    assert "kontor:K-3 (Customer 3): from hot to cold" in told
    assert "billing/2026-07-01/Invoices.csv, record 3" in told
    assert "billing/2026-07-01/CreditNotes.csv, record 1" in told
    assert told.endswith("2 accounts of 12 differ: 2 from hot to cold\n")
    assert "Customer 6" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["2026-06-30-0009", "2026-07-01-0002"],
            "no publication 2026-06-30-0009: these are kept: 2026-06-30-0",
        ),
        (["2026-06-30-0001"], "two publications, not 1"),
        (["2026-06-30-0001", "2026-06-30-0001"], "compared with itself"),
        (["--on", "2026-07-01"], "2026-06-30-0001 ends at 2026-06-30"),
        (["--on", "soon"], "isn't a day"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    corrected: Corrected,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(corrected.home.root))
    assert cli.main(["diff", *arguments]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_a_first_publication_has_nothing_to_be_compared_with(example: Screened) -> None:
    with pytest.raises(InputError, match=example.published.publication_id):
        difference(example.home)


@pytest.fixture
def edited(corrected: Corrected, tmp_path: Path) -> Home:
    """A copy of the publications, writable, the corrections taken back."""
    home = Home(tmp_path / "home")
    shutil.copytree(corrected.home.reporting, home.reporting, symlinks=True)
    for path in home.reporting.iterdir():
        if not path.is_symlink():
            path.chmod(0o644)
    earlier, later = (home.reporting / f"{name}.duckdb" for name in corrected.ids)
    with duckdb.connect(str(later)) as connection:
        connection.execute(f"attach '{earlier}' as earlier (read_only)")
        for table in ("account_timeline", "account_temperature_history"):
            connection.execute(f"delete from reporting.{table}")
            connection.execute(f"insert into reporting.{table} from earlier.reporting.{table}")
    return home


def change(home: Home, *statements: str) -> None:
    with duckdb.connect(str(home.reporting / "reporting.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


COOL = "update reporting.account_temperature_history set temperature = 'cold' where account_id = 'kontor:K-7'"


def test_equal_histories_do_not_differ(edited: Home) -> None:
    found = difference(edited)
    assert found.accounts == ()
    assert render(found).endswith("0 accounts of 12 differ")


def test_an_override_is_the_cause(edited: Home) -> None:
    change(
        edited,
        COOL,
        "insert into reporting.overrides by name select 'kontor:K-7' as account_id, 'cold' as temperature, "
        "'moved away' as reason, 'Ann' as approver, date '2026-06-15' as valid_from, "
        "date '2026-12-31' as valid_until",
    )
    [account] = difference(edited).accounts
    assert account.records == ()
    assert account.causes == (
        "override in 2026-07-01-0002: cold from 2026-06-15 until 2026-12-31 inclusive, "
        "approved by Ann: moved away",
    )


def test_a_scorecard_is_the_cause(edited: Home) -> None:
    change(
        edited,
        COOL,
        "update reporting.scorecards set scorecard_version = 2, hot_at = 2",
        "update reporting.account_timeline set degrees = degrees / 2",
        "update reporting.publication set scorecard_version = 2 where is_current",
    )
    found = difference(edited)
    [account] = found.accounts
    assert account.records == ()
    assert found.notes[0].startswith("scorecard versions 1 and 2 are in force on 2026-06-30: hot_at")


def test_an_event_that_another_account_has_now_is_told_of_both(edited: Home) -> None:
    change(
        edited,
        "update reporting.account_timeline set account_id = 'kontor:K-8' where account_id = 'kontor:K-7'",
        "delete from reporting.account_temperature_history where account_id = 'kontor:K-7'",
        "insert into reporting.account_links by name "
        "select 'kontor:K-7' as alias_id, 'kontor:K-8' as account_id, 'billing_customer' as alias_kind",
    )
    found = difference(edited)
    [account] = found.accounts
    assert (account.earlier, account.later) == ("hot", None)
    assert account.records[0].went_to == "kontor:K-8"
    assert "it is part of kontor:K-8 in 2026-07-01-0002" in account.causes
    assert "kontor:K-7 (Customer 7): hot, no account now" in render(found)
