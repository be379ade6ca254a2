"""What `generate` promises whatever the company: layout, headers, repeatability, refusals."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
from example_files import Example
from thermocline.errors import InputError
from thermocline.example import generate

HEADERS = {
    "crm/Account": "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingCountry,Phone,"
    "AccountNumber,OwnerId,CreatedDate,LastModifiedDate,SystemModstamp,Email__c,Legal_Form__c,"
    "Do_Not_Contact__c,Billing_Customer__c",
    "crm/Contact": "Id,IsDeleted,AccountId,Name,Title,Email,Phone,CreatedDate,LastModifiedDate,"
    "SystemModstamp",
    "crm/Opportunity": "Id,IsDeleted,AccountId,Name,StageName,Amount,CurrencyIsoCode,CloseDate,"
    "IsClosed,IsWon,CreatedDate,LastModifiedDate,SystemModstamp",
    "crm/Task": "Id,IsDeleted,AccountId,WhoId,Subject,Status,TaskSubtype,CallType,CallDisposition,"
    "ActivityDate,CompletedDateTime,CreatedDate,LastModifiedDate,SystemModstamp",
    "crm/Event": "Id,IsDeleted,AccountId,WhoId,Subject,StartDateTime,EndDateTime,Status__c,"
    "CreatedDate,LastModifiedDate,SystemModstamp",
    "crm/Case": "Id,IsDeleted,AccountId,Type,Subject,Status,CreatedDate,ClosedDate,"
    "LastModifiedDate,SystemModstamp",
    "crm/Survey_Response__c": "Id,IsDeleted,Account__c,Kind__c,Score__c,Scale_Min__c,Scale_Max__c,"
    "Comment__c,Submitted__c,LastModifiedDate,SystemModstamp",
    "billing/Customers": "CustomerNo,Name,Email,CRMAccount,Country,Created,Changed",
    "billing/Invoices": "InvoiceNo,CustomerNo,InvoiceDate,DueDate,Currency,Total,Status,Changed",
    "billing/InvoiceLines": "InvoiceNo,LineNo,ArticleNo,Description,Quantity,UnitPrice,Amount",
    "billing/CreditNotes": "CreditNoteNo,CustomerNo,CreditedInvoiceNo,Date,Currency,Total,Changed",
    "billing/Payments": "PaymentNo,InvoiceNo,CustomerNo,PaidOn,Amount,Currency,Method",
    "billing/ExchangeRates": "Date,Currency,RateToEUR",
}


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.*")
    }


def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_company(
    tmp_path: Path,
) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        generate(40, 45, seed, tmp_path / name)
    one, again, other = (digests(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert one.keys() == other.keys()
    first_month = [f"crm/2026-05-31/{name}.csv" for name in ("Account", "Contact", "Task")]
    first_month += [f"billing/2026-05-31/{name}.csv" for name in ("Customers", "InvoiceLines")]
    assert all(one[file] != other[file] for file in first_month)


def test_deliveries_are_month_ends_the_eve_of_the_last_week_and_seven_days(
    example: Example,
) -> None:
    months = [
        "2025-05-31",
        "2025-06-30",
        "2025-07-31",
        "2025-08-31",
        "2025-09-30",
        "2025-10-31",
        "2025-11-30",
        "2025-12-31",
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    expected = [*months, "2026-06-23", *(f"2026-06-{day}" for day in range(24, 31))]
    assert example.truth["deliveries"] == expected
    assert example.truth["historic_deliveries"] == 14
    for system in ("crm", "billing"):
        assert sorted(path.name for path in (example.folder / system).iterdir()) == expected


def test_a_month_that_ends_on_the_eve_of_the_last_week_is_delivered_once(tmp_path: Path) -> None:
    generate(10, 60, 1, tmp_path / "out", ends_on=date(2025, 3, 7))
    assert Example(tmp_path / "out").truth["deliveries"] == [
        "2025-01-31",
        "2025-02-28",
        *(f"2025-03-0{day}" for day in range(1, 8)),
    ]


def test_every_delivery_has_every_file_with_the_vendors_headers(example: Example) -> None:
    for system in ("crm", "billing"):
        names = {file for file in HEADERS if file.startswith(system)}
        for delivery in (example.folder / system).iterdir():
            assert {f"{system}/{path.stem}" for path in delivery.iterdir()} == names
            for path in delivery.iterdir():
                first = path.read_text(encoding="utf-8").split("\n", 1)[0]
                assert first == HEADERS[f"{system}/{path.stem}"]


def test_an_earlier_example_is_replaced_as_a_whole(tmp_path: Path) -> None:
    generate(10, 60, 1, tmp_path / "out")
    generate(10, 30, 2, tmp_path / "out")
    generate(10, 30, 2, tmp_path / "fresh")
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "out"]


@pytest.mark.parametrize("held", ["notes.txt", "truth.json", "crm/2026-01-31/Account.csv"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path, held: str) -> None:
    path = tmp_path / "out" / held
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(InputError, match="holds files that no earlier example wrote"):
        generate(10, 30, 1, tmp_path / "out")
    assert digests(tmp_path) == {f"out/{held}": hashlib.sha256(b"{}").hexdigest()}


def test_an_example_with_a_file_added_is_refused(tmp_path: Path) -> None:
    generate(10, 30, 1, tmp_path / "out")
    (tmp_path / "out" / "mine.csv").write_text("a")
    with pytest.raises(InputError, match=r"mine\.csv|crm"):
        generate(10, 30, 2, tmp_path / "out")
    assert Example(tmp_path / "out").truth["arguments"]["seed"] == 1


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a")
    with pytest.raises(InputError, match="is a file"):
        generate(10, 30, 1, tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ((9, 30, 1), "--accounts"),
        ((500_001, 30, 1), "--accounts"),
        ((10, 29, 1), "--days"),
        ((10, 7_306, 1), "--days"),
        ((10, 30, -1), "--seed"),
    ],
)
def test_arguments_out_of_range_are_refused_in_one_line(
    tmp_path: Path, arguments: tuple[int, int, int], option: str
) -> None:
    with pytest.raises(InputError, match=option) as refusal:
        generate(*arguments, tmp_path / "out")
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_companies_are_whole_and_readable(tmp_path: Path, seed: int) -> None:
    generate(10, 30, seed, tmp_path / "out")
    small = Example(tmp_path / "out")
    assert small.truth["counts"]["accounts"]["documents"] >= 10
    assert small.truth["entries"]
    for entry in small.truth["entries"]:
        assert entry["key"] in small.entry(entry).cells.values()
    assert not small.places(expect="quarantined")
