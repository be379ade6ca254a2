"""One wrong date doesn't move the day, and the gate sees what is missing (cases 28 and 20, siblings)."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from export_files import connected, disconnect, land_all, load_all, write_bytes
from screened import Screened, screen
from thermocline.building.screening_day import day_to_screen
from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked
from thermocline.home import Home
from thermocline.loading.checking import check
from thermocline.publishing.publication import current

LAST = date(2026, 11, 30)
HEADER = "invoice_id,customer_id,issued_at,currency,total,status,kind,updated_at\n"


def invoices(thirteenth: str, updated_on: str = "2026-06-20") -> str:
    """Return case 28's export: twelve invoices from January to June, and a thirteenth of a given day."""
    rows = [
        f"I{number},C{number % 3 + 1},2026-{['02', '03', '04', '05', '06', '01'][(number - 1) % 6]}-15,USD,"
        f"{100 + number}.00,paid,invoice,2026-06-20 10:00:00\n"
        for number in range(1, 13)
    ]
    return HEADER + "".join(rows) + f"I13,C1,{thirteenth},USD,120.00,open,invoice,{updated_on} 10:00:00\n"


def warnings(home: Home) -> dict[str, str | None]:
    publication = current(home)
    assert publication is not None
    verdict = Candidate.read(home, publication.content_hash).read_verdict()
    assert verdict is not None
    return {check["rule"]: check["figure"] for check in verdict["checks"] if check["verdict"] == "warn"}


def test_case_28_an_invoice_of_2062_waits_for_its_day_and_its_correction_is_published(
    screen_files: Callable[..., Screened],
) -> None:
    screened = screen_files({"invoices.csv": invoices("2062-06-15")}, last_whole_day=LAST)
    assert screened.built.as_of == date(2026, 6, 15)
    assert screened.rows(
        "select account_code, cast(last_invoice_on as varchar), revenue_lifetime from account_segments "
        "order by 1"
    ) == [("C1", "2026-04-15", 430), ("C2", "2026-05-15", 422), ("C3", "2026-06-15", 426)]
    assert warnings(screened.home) == {"few_records_are_not_yet": "0.076923", "no_record_is_far_ahead": "1"}
    assert screened.rows("select watermark_on from feeds") == [(date(2026, 6, 15),)]

    exports = screened.exports / "later"
    exports.mkdir()
    (exports / "invoices.csv").write_text(invoices("2026-06-15", "2026-06-22"))
    mended = screen(screened.home, screened.exports, last_whole_day=LAST)
    assert mended.built.as_of == date(2026, 6, 15)
    assert mended.value("select revenue_lifetime from account_segments where account_code = 'C1'") == 550
    assert warnings(mended.home) == {}


ACCOUNT = (
    "Id,Name,Type,BillingCountry,IsDeleted,CreatedDate,SystemModstamp\n"
    "001A,Harbor Tools,Customer,US,false,2026-01-01T10:00:00.000Z,2026-06-19T10:00:00.000Z\n"
)
EVENTS = (
    "Id,AccountId,StartDateTime,ActivityDateTime,Subject,IsDeleted,SystemModstamp,WhoId\n"
    "00U1,001A,2026-06-20T10:00:00.000Z,2026-06-20T10:00:00.000Z,Meeting,false,2026-06-01T10:00:00.000Z,003A\n"
    "00U2,001A,2027-03-01T10:00:00.000Z,2027-03-01T10:00:00.000Z,Review,false,2026-06-01T10:00:00.000Z,003A\n"
)


@pytest.mark.parametrize(
    ("files", "day", "noted"),
    [
        (
            {"invoices.csv": invoices("2027-06-15")},
            date(2026, 6, 15),
            ("1 dated 2027-06-15 or later, after today: not yet counted",),
        ),
        (
            {"Account.csv": ACCOUNT, "Event.csv": EVENTS},
            date(2026, 6, 20),
            ("1 dated 2027-03-01 or later, after today: not yet counted",),
        ),
        (
            {"invoices-2027-06-30.csv": invoices("2026-06-15")},
            date(2026, 6, 15),
            ("its path names 2027-06-30, a day to come: it counts as undated",),
        ),
    ],
)
def test_case_28_no_record_event_or_file_of_the_future_decides_the_day(
    tmp_path: Path, files: dict[str, str], day: date, noted: tuple[str, ...]
) -> None:
    home = Home(tmp_path / "home").prepare()
    for path, text in files.items():
        write_bytes(tmp_path / "exports", path, text.encode())
    assert check(tmp_path / "exports", home, LAST).files[-1].ahead == noted
    land_all(home, tmp_path / "exports")
    load_all(home)
    assert day_to_screen(connected(home), None, LAST) == day
    disconnect()


def test_case_28_a_planned_event_waits_and_one_of_an_unknown_account_is_listed(
    screen_files: Callable[..., Screened],
) -> None:
    unknown = EVENTS.splitlines()[1].replace("00U1", "00U3").replace("001A", "001Z")
    screened = screen_files(
        {"crm/Account.csv": ACCOUNT, "crm/Event.csv": f"{EVENTS}{unknown}\n"}
        | {"erp/invoices.csv": invoices("2026-06-20")},
        last_whole_day=LAST,
    )
    assert screened.built.as_of == date(2026, 6, 20)
    assert screened.rows(
        "select account_code, cast(last_communication_on as varchar) from account_segments "
        "where account_id like 'salesforce:%'"
    ) == [("001A", "2026-06-20")]
    assert screened.rows("select reason, records from unattributed_events") == [("unknown_account", 1)]
    assert "events_find_their_account" in warnings(screened.home)


BILLING = "invoice_id,customer_id,issued_at,currency,total,status,kind\n"
FULL = """\
sources:
- name: canonical_billing
  mapping: canonical_billing
  location: exports
  mode: snapshot
"""


def case_20(*numbers: int) -> str:
    """Return rows of case 20's second export: 17 old invoices of 1,000 and 15 recent ones of 200."""
    old = [f"I{n},C{n},2025-09-{n:02},USD,1000.00,paid,invoice\n" for n in range(1, 18)]
    recent = [
        f"I{18 + 5 * who + n},C{18 + who},2026-{2 + n:02}-{18 + who},USD,200.00,paid,invoice\n"
        for who in range(3)
        for n in range(5)
    ]
    rows = [*old, *recent]
    return BILLING + "".join(rows[n - 1] for n in numbers or range(1, 33))


def test_case_20_a_full_export_that_lost_records_blocks_and_readers_keep_what_they_had(
    screen_files: Callable[..., Screened],
) -> None:
    screened = screen_files(
        {"2026-06-29/invoices.csv": case_20()}, config={"sources.yml": FULL}, last_whole_day=LAST
    )
    assert screened.value("select sum(revenue_lifetime) from account_segments") == 20000

    def deliver(day: str, content: str) -> Screened:
        write_bytes(screened.exports, f"2026-{day}/invoices.csv", content.encode())
        return screen(screened.home, screened.exports, last_whole_day=LAST)

    with pytest.raises(GateBlocked) as refusal:
        deliver("06-30", BILLING)
    assert "full_exports_keep_their_records" in str(refusal.value)
    assert (
        "100% of a full export, of its records or their money, is lost (allowed: 10%); "
        "canonical_billing:invoices: delivery 2026-06-30 holds 0 of the 32 " in (str(refusal.value))
    )
    assert "2026-06-29/invoices.csv record 1 (I1): missing from delivery 2026-06-30" in str(refusal.value)
    # What was blocked is no measure for the next one.
    with pytest.raises(GateBlocked) as refusal:
        deliver("07-01", case_20(*range(1, 6), *range(18, 23)))
    assert (
        "delivery 2026-07-01 holds 10 of the 32 records of 2026-06-29, and 6000.0000 of their 20000.0000"
        in (str(refusal.value))
    )
    seen = current(screened.home)
    assert seen is not None
    assert seen.publication_id == screened.published.publication_id
    kept = deliver("07-02", case_20(*range(1, 18), *range(19, 33)))
    assert kept.published.outcome == "published"
    assert kept.value("select sum(revenue_lifetime) from account_segments") == 19800


def test_case_20_headers_alone_after_a_full_export_of_two_invoices_block(
    screen_files: Callable[..., Screened],
) -> None:
    rows = "I1,C1,2026-05-04,USD,100.00,paid,invoice\nI2,C2,2026-06-04,USD,100.00,paid,invoice\n"
    config = {"sources.yml": FULL}
    screened = screen_files({"2026-06-29/invoices.csv": BILLING + rows}, config=config, last_whole_day=LAST)
    write_bytes(screened.exports, "2026-06-30/invoices.csv", BILLING.encode())
    with pytest.raises(GateBlocked, match="delivery 2026-06-30 holds 0 of the 2 records of 2026-06-29"):
        screen(screened.home, screened.exports, last_whole_day=LAST)
    assert screened.value("select sum(revenue_lifetime) from account_segments") == 200
