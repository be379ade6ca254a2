from datetime import date

import pytest
from export_files import ACCOUNTS, PAYMENTS, WHOLESALER, payment, write, write_bytes
from thermocline.errors import InputError
from thermocline.sources.checking import check, render


def test_a_folder_is_checked_file_by_file_without_a_home(exports):
    write(
        exports,
        "2024-01-05/Payments.csv",
        PAYMENTS,
        payment(1),
        payment(2, "x"),
        payment(3, "y"),
        "ragged",
        payment(4, paid_on="2024-02-01"),
    )
    write(exports, "Account.csv", ACCOUNTS + ",Twitter__c", encoding="latin-1")
    before = sorted(exports.rglob("*"))
    checked = check(exports)
    assert [file.file for file in checked.files] == ["2024-01-05/Payments.csv", "Account.csv"]
    payments, accounts = checked.files
    assert (payments.mapping, payments.feed, payments.encoding, payments.rows) == (
        "kontor",
        "payments",
        "utf-8",
        5,
    )
    assert (payments.first_on, payments.last_on) == (date(2024, 1, 5), date(2024, 2, 1))
    assert payments.quarantined == {"amount is not a number": 2, "has too few columns": 1}
    assert (accounts.rows, accounts.first_on, accounts.unmapped) == (0, None, ("Twitter__c",))
    assert checked.refused == []
    assert sorted(exports.rglob("*")) == before


def test_what_would_be_refused_is_named(exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    write(exports, "own\nlist.csv", "a,b")
    write_bytes(exports, "empty.csv", b"")
    (exports / "link.csv").symlink_to(exports / "Payments.csv")
    checked = check(exports)
    assert checked.refused == ["empty.csv", "link.csv", r"own\nlist.csv"]
    table = render(checked).splitlines()
    assert table[0].split() == [
        "file",
        "mapping",
        "feed",
        "encoding",
        "rows",
        "from",
        "until",
        "quarantined",
        "notes",
    ]
    assert len(table) == 5
    assert "refused: is empty" in table[2]
    assert "refused: matches no mapping (columns: a, b)" in table[4]


def test_a_folder_without_data_is_refused(exports):
    with pytest.raises(InputError, match="holds no exports"):
        check(exports)
    with pytest.raises(InputError, match="doesn't exist"):
        check(exports / "nowhere")


@pytest.mark.skipif(not WHOLESALER.is_dir(), reason="../shared/data/online_retail is absent")
def test_a_real_day_is_checked(tmp_path):
    day = "2011-12-09.csv"
    (tmp_path / day).write_bytes((WHOLESALER / day).read_bytes())
    [file] = check(tmp_path).files
    assert (file.rows, file.first_on, file.last_on, file.quarantined) == (
        1632,
        date(2011, 12, 9),
        date(2011, 12, 9),
        {},
    )
