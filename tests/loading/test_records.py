"""Record numbers are right, whatever happens in the file before the record."""

import random

import pytest
from export_files import PAYMENTS, bring_in, payment, quarantined, rows, write, write_bytes
from thermocline.loading import scanning

NUMBERED = "select source_row, payment_id from raw.payments order by 1"


def test_a_line_break_in_quotes_is_no_record(home, exports):
    write(exports, "a.csv", PAYMENTS, payment(1).replace("Transfer", '"two\nlines"'), payment(2))
    bring_in(home, exports)
    assert rows(home, NUMBERED) == [(1, "Z-1"), (2, "Z-2")]


def test_blank_lines_are_no_records(home, exports):
    write(exports, "a.csv", "\n" + PAYMENTS, "", payment(1), "", "", payment(2), "bad", payment(4))
    bring_in(home, exports)
    assert rows(home, NUMBERED) == [(1, "Z-1"), (2, "Z-2"), (4, "Z-4")]
    assert quarantined(home) == [(3, None, "bad", "has too few columns")]


def test_a_quote_that_is_not_closed_costs_one_record(home, exports):
    bad = [payment(n).replace("Transfer", '"open') for n in (2, 6)]
    write(
        exports,
        "a.csv",
        PAYMENTS,
        payment(1),
        bad[0],
        payment(3),
        payment(4).replace("Transfer", '"two\nlines"'),
        payment(5),
        bad[1],
        payment(7),
    )
    bring_in(home, exports)
    assert rows(home, NUMBERED) == [(n, f"Z-{n}") for n in (1, 3, 4, 5, 7)]
    assert quarantined(home) == [
        (n, None, text, "has a quote that is not closed") for n, text in zip((2, 6), bad, strict=True)
    ]


@pytest.mark.parametrize("ending", [b"\r", b"\r\n\n", b"\n\r\n"])
def test_mixed_and_old_line_ends_are_read(home, exports, ending):
    lines = [PAYMENTS, payment(1), payment(2), payment(3)]
    content = ending.join(line.encode() for line in lines[:3]) + b"\n" + lines[3].encode()
    write_bytes(exports, "a.csv", content)
    bring_in(home, exports)
    assert rows(home, NUMBERED) == [(1, "Z-1"), (2, "Z-2"), (3, "Z-3")]


def test_a_longest_record_is_refused_and_the_rest_read(home, exports):
    write(
        exports,
        "a.csv",
        PAYMENTS,
        payment(1),
        payment(2, "x" * 3_000_000),
        payment(3),
        payment(4).replace("Transfer", "x" * 1_000_000),
    )
    bring_in(home, exports)
    assert rows(home, NUMBERED) == [(1, "Z-1"), (3, "Z-3"), (4, "Z-4")]
    assert [(row[0], row[3]) for row in quarantined(home)] == [(2, "is too long")]


@pytest.fixture(scope="module")
def messy() -> list[str]:
    """Records that name their own number, some of them ragged, some of several lines."""
    draw = random.Random(7)
    records = []
    for n in range(1, 20_001):
        kind = draw.random()
        cells = payment(n)
        if kind < 0.01:
            cells = f"Z-{n},ragged"
        elif kind < 0.02:
            cells += ',"more\nthan",fits'
        elif kind < 0.1:
            cells = cells.replace("Transfer", '"several\nlines ""here"""')
        elif kind < 0.11:
            cells = payment(n, "unreadable")
        records.append(cells)
    return records


@pytest.mark.parametrize(
    ("reread", "blank"),
    [(1 << 30, ""), (0, ""), (0, "\n")],
    ids=["record by record", "by DuckDB", "by DuckDB, blank lines"],
)
def test_numbers_are_right_however_the_file_is_read(home, exports, messy, monkeypatch, reread, blank):
    monkeypatch.setattr(scanning, "REREAD_BYTES", reread)
    write(exports, "a.csv", PAYMENTS, *(blank + record for record in messy))
    write(exports, "b.csv", PAYMENTS, *messy[:50])
    loaded = bring_in(home, exports)
    assert loaded.rows_read == 20_050
    assert loaded.rows_quarantined > 500
    assert rows(home, "select * from raw.payments where payment_id != 'Z-' || source_row") == []
    assert rows(home, "select * from raw.quarantine where document_id != 'Z-' || source_row") == []
    assert rows(
        home,
        "select file_id, source_row from raw.payments union all "
        "select file_id, source_row from raw.quarantine order by all",
    ) == [*((1, n) for n in range(1, 20_001)), *((2, n) for n in range(1, 51))]


def test_mutilated_files_neither_fail_nor_lose_a_record(home, exports):
    draw = random.Random(11)
    whole = "\n".join(
        [
            PAYMENTS,
            *(payment(n, f"{n}.5") for n in range(12)),
            payment(12).replace("Transfer", '"two\nlines ""q"""'),
            "",
        ]
    ).encode()
    tokens = [b'"', b",", b"\n", b"\r", b"\n\n", b'""', b"\0", b"\xe9", b"\xff", b";", b"NaN", b""]
    for n in range(80):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(PAYMENTS), len(content))
            content[at : at + draw.randint(0, 6)] = draw.choice(tokens)
        write_bytes(exports, f"{n:03}.csv", bytes(content))
    loaded = bring_in(home, exports)
    assert loaded.files > 75
    assert loaded.rows_read == loaded.rows_loaded + loaded.rows_quarantined
    assert loaded.rows_loaded > 75 * 9
    assert (
        rows(
            home,
            """
        select file_id from (select file_id, source_row from raw.payments union all
            select file_id, source_row from raw.quarantine) group by all
        having count(*) != max(source_row) or count(distinct source_row) != count(*)""",
        )
        == []
    )
