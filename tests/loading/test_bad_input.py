"""Everything that the table "Bad input" of docs/sources.md answers, under the words used there."""

import gzip
import os
import re
from decimal import Decimal

import pytest
from export_files import (
    PAYMENTS,
    bring_in,
    land_all,
    load_all,
    payment,
    quarantined,
    rows,
    write,
    write_bytes,
)
from thermocline.files.places import Folder
from thermocline.home import PROJECT
from thermocline.landing.land import land

HERE = "tests/loading/test_bad_input.py"
LOADED = "select source_row, payment_id from raw.payments order by 1"


def reasons(home) -> list[tuple]:
    return [(row[0], row[1], row[3]) for row in quarantined(home)]


def amounts(home, exports, *texts: str) -> tuple[list[Decimal], list[tuple]]:
    """The amounts read, and what was quarantined (record, value, reason)."""
    write(exports, "a.csv", PAYMENTS, *(payment(n, f'"{text}"') for n, text in enumerate(texts)))
    bring_in(home, exports)
    read = [amount for (amount,) in rows(home, "select amount from raw.payments order by source_row")]
    return read, [(row[0], row[2], row[3]) for row in quarantined(home)]


def test_ragged_rows(home, exports):
    write(exports, "a.csv", PAYMENTS, payment(1), "Z-2,R-2", payment(3) + ",more", payment(4))
    bring_in(home, exports)
    assert rows(home, LOADED) == [(1, "Z-1"), (4, "Z-4")]
    assert reasons(home) == [(2, None, "has too few columns"), (3, None, "has too many columns")]


def test_an_unclosed_quote(home, exports):
    write(exports, "a.csv", PAYMENTS, payment(1), payment(2).replace("Tr", '"Tr'), payment(3))
    bring_in(home, exports)
    assert rows(home, LOADED) == [(1, "Z-1"), (3, "Z-3")]
    assert reasons(home) == [(2, None, "has a quote that is not closed")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nul_bytes(home, exports, encoding):
    write(
        exports,
        "a.csv",
        PAYMENTS,
        payment(1),
        payment(2).replace("Tr", "T\0r"),
        payment(3),
        encoding=encoding,
    )
    bring_in(home, exports)
    assert rows(home, LOADED) == [(1, "Z-1"), (3, "Z-3")]
    assert reasons(home) == [(2, None, "holds a NUL byte")]


def test_a_wrong_encoding(home, exports):
    text = "\n".join([PAYMENTS, payment(1).replace("Transfer", "Überweisung"), ""])
    write_bytes(exports, "half.csv", text.encode() + payment(2).replace("Transfer", "Über").encode("latin-1"))
    write_bytes(exports, "cut.csv", ("\ufeff" + text).encode("utf-16-le")[:-3] + b"\xd8")
    landing = land_all(home, exports)[1]
    assert list(landing.left_out) == ["cut.csv"]
    assert landing.left_out["cut.csv"].startswith("isn't utf-16")
    assert "throughout" in landing.left_out["cut.csv"]
    load_all(home)
    assert rows(
        home, "select encoding, method from raw.payments join raw.files using (file_id) order by 2"
    ) == [
        ("windows-1252", "Ãœberweisung"),
        ("windows-1252", "Über"),
    ]


def test_an_empty_file(home, exports):
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(exports, "empty.csv", b"")
    write_bytes(exports, "blank.csv.gz", gzip.compress(b"\n\n"))
    assert land_all(home, exports)[1].left_out == {"empty.csv": "is empty", "blank.csv.gz": "is empty"}


def test_a_header_alone(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS)
    assert bring_in(home, exports).rows_read == 0
    assert rows(home, "select covers_on::varchar, rows_read from raw.files") == [("2024-01-05", 0)]


def test_duplicate_or_blank_header_cells(home, exports):
    header = PAYMENTS + ",Amount,,Currency"
    write(exports, "a.csv", header, payment(1) + ",99.00,x,USD", payment(2) + ",,,")
    bring_in(home, exports)
    assert rows(home, "select amount, currency from raw.payments") == [(Decimal(10), "EUR")] * 2
    assert rows(home, "select column_name from raw.unmapped_columns order by 1") == [
        ("",),
        ("Amount",),
        ("Currency",),
    ]


def test_impossible_ambiguous_and_out_of_range_dates(home, exports):
    days = ["2024-02-30", "2023-02-29", "03/04/2024", "5.1.24", "0001-01-01", "9999-12-31", "2024-02-29"]
    write(exports, "a.csv", PAYMENTS, *(payment(n, paid_on=day) for n, day in enumerate(days)))
    bring_in(home, exports)
    assert [(row[2], row[3].split(":")[0]) for row in quarantined(home)] == [
        ("2024-02-30", "is not a date"),
        ("2023-02-29", "is not a date"),
        ("03/04/2024", "may be day or month first"),
        ("5.1.24", "may be day or month first"),
        ("0001-01-01", "is out of range"),
        ("9999-12-31", "is out of range"),
    ]
    assert rows(home, "select cast(paid_at as varchar) from raw.payments") == [("2024-02-29 00:00:00",)]


@pytest.mark.parametrize(
    "text", ["€5.00", "$ 5", "5 EUR", "1,000.00", "1.000,00", "1'000", "1 000", "1,5", "(5.00)", "5-"]
)
def test_currency_signs_separators_commas_and_parentheses(home, exports, text):
    assert amounts(home, exports, "1.00", text) == ([Decimal(1)], [(2, text, "is not a number")])


def test_nan_and_infinity(home, exports):
    texts = ("NaN", "inf", "-Infinity", "#DIV/0!")
    assert amounts(home, exports, *texts) == (
        [],
        [(n, text, "is not a number") for n, text in enumerate(texts, 1)],
    )


def test_forty_digits(home, exports):
    read, refused = amounts(home, exports, "9" * 40, "99999999999999.9999")
    assert (read, refused) == ([Decimal("99999999999999.9999")], [(1, "9" * 40, "has too many digits")])


def test_a_truncated_gzip(home, exports):
    write(exports, "good.csv", PAYMENTS, payment(1))
    whole = gzip.compress("\n".join([PAYMENTS, *(payment(n) for n in range(9999))]).encode())
    write_bytes(exports, "cut.csv.gz", whole[:-50])
    write_bytes(exports, "spoilt.csv.gz", whole[:5000] + bytes(50) + whole[5050:])
    left_out = land_all(home, exports)[1].left_out
    assert {path: reason.split(" (")[0] for path, reason in left_out.items()} == {
        "cut.csv.gz": "isn't a whole gzip file",
        "spoilt.csv.gz": "isn't a whole gzip file",
    }
    assert load_all(home).rows_loaded == 1


def test_a_symlink_out_of_the_folder(home, exports, tmp_path):
    write(tmp_path, "secret.csv", PAYMENTS, payment(9))
    write(exports, "good.csv", PAYMENTS, payment(1))
    (exports / "link.csv").symlink_to(tmp_path / "secret.csv")
    (exports / "folder").symlink_to(tmp_path)
    landing = land_all(home, exports)[1]
    assert landing.landed == 1
    assert landing.left_out == dict.fromkeys(["folder", "link.csv"], "is a link; links aren't followed")


def test_a_cell_of_a_hundred_megabytes(home, exports):
    with (exports / "a.csv").open("wb") as file:
        file.write(f"{PAYMENTS}\n{payment(1)}\n".encode())
        file.write(payment(2).replace("Transfer", "").encode())
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(f"\n{payment(3)}\n".encode())
    os.utime(exports / "a.csv", (1.7e9, 1.7e9))
    bring_in(home, exports)
    assert rows(home, LOADED) == [(1, "Z-1"), (3, "Z-3")]
    assert reasons(home) == [(2, None, "is too long")]
    assert len(quarantined(home)[0][2]) == 200


def test_two_files_of_the_same_name(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-06/Payments.csv", PAYMENTS, payment(2))
    write(exports, "2024-01-06/PAYMENTS.csv", PAYMENTS, payment(3))
    assert bring_in(home, exports).rows_loaded == 3
    assert len(list(home.landing.glob("??/*"))) == 3


def test_a_file_that_disappears_while_it_is_read(home, exports, monkeypatch):
    file = write(exports, "a.csv", PAYMENTS, payment(1))
    write(exports, "b.csv", PAYMENTS, payment(2))
    fetch = Folder.fetch

    def gone(folder, entry, target):
        file.unlink(missing_ok=True)
        return fetch(folder, entry, target)

    monkeypatch.setattr(Folder, "fetch", gone)
    assert land(home, "billing", exports).landed == 1
    assert load_all(home).rows_loaded == 1


def test_a_file_that_changes_while_it_is_read(home, exports, monkeypatch):
    file = write(exports, "a.csv", PAYMENTS, payment(1))
    fetch = Folder.fetch

    def grown(folder, entry, target):
        with file.open("a") as growing:
            growing.write(payment(2))
        return fetch(folder, entry, target)

    monkeypatch.setattr(Folder, "fetch", grown)
    landing = land(home, "billing", exports)
    assert (landing.landed, landing.waiting) == (0, ["a.csv"])


def test_a_landed_copy_that_was_removed(home, exports):
    write(exports, "a.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    [copy] = home.landing.glob("??/*")
    content = copy.read_bytes()
    copy.unlink()
    assert land(home, "billing").already == 1
    assert copy.read_bytes() == content
    assert load_all(home).rows_loaded == 1


def test_every_answer_of_the_page_has_its_test():
    page = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    table = page.split("## Bad input\n")[1].split("\n## ")[0]
    named = re.findall(r"`([\w./]+\.py)::(\w+)`", table)
    assert len(named) >= 26
    for file, test in named:
        assert f"def {test}(" in (PROJECT / "tests" / file).read_text(encoding="utf-8"), test
    real = page.split("## What becomes of what real exports hold\n")[1].split("\n`make fuzz`")[0]
    for row in real.strip().splitlines()[2:]:
        file, test = re.fullmatch(r"\|.+\|.+\| `([\w./]+\.py)::(\w+)` \|", row).groups()
        assert f"def {test}(" in (PROJECT / "tests" / file).read_text(encoding="utf-8"), row
    own = re.findall(r"^def (test_\w+)", (PROJECT / HERE).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(own[:-1]) <= {test for _, test in named}
