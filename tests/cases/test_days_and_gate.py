"""One wrong date doesn't move the day, and the gate sees what is missing (cases 28 and 20, siblings)."""

from collections.abc import Callable
from datetime import date

from screened import Screened, screen
from thermocline.candidate import Candidate
from thermocline.home import Home
from thermocline.publication import current

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
