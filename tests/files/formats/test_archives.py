"""Zip archives: each member a file of its own, the archive kept as it came."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from export_files import (
    ACCOUNTS,
    LINES,
    PAYMENTS,
    bring_in,
    land_all,
    line,
    load_all,
    payment,
    rows,
    write,
    write_bytes,
)
from thermocline.landing.catalogue import adopt
from thermocline.landing.land import land
from thermocline.landing.outstanding import pending

ONE = f"{PAYMENTS}\n{payment(1)}\n"
TWO = f"{PAYMENTS}\n{payment(2)}\n{payment(3)}\n"


def archive(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, member in members.items():
            file.writestr(name, member)
    return content.getvalue()


def delivered(home) -> list[tuple]:
    return rows(home, "select source_file, delivery_key, rows_loaded from raw.files order by 1")


def test_each_member_is_a_file_and_the_archive_is_kept_whole(home, exports):
    content = archive({"one.csv": ONE, "sub/two.csv": TWO, "README.txt": "hello", "__MACOSX/one.csv": "x"})
    write_bytes(exports, "2024-01-05/all.zip", content)
    assert land_all(home, exports)[1].landed == 2
    load_all(home)
    assert delivered(home) == [
        ("2024-01-05/all.zip/one.csv", "2024-01-05", 1),
        ("2024-01-05/all.zip/sub/two.csv", "2024-01-05", 2),
    ]
    [kept] = home.landing.glob("??/*")
    assert (kept.suffix, kept.read_bytes()) == (".zip", content)
    assert land_all(home, exports)[1].landed == 0


def test_a_member_that_came_unpacked_before_is_the_same_file(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    land_all(home, exports)
    write_bytes(exports, "2024-01-06.zip", archive({"renamed.csv": ONE, "two.csv": TWO}))
    billing = land_all(home, exports)[1]
    assert (billing.landed, billing.already) == (1, 2)
    assert load_all(home).rows_loaded == 3


def test_the_day_may_stand_in_the_archives_name(home, exports):
    write_bytes(exports, "2024-01-05.zip", archive({"lines.csv": f"{LINES}\n{line(1)}\n"}))
    bring_in(home, exports)
    assert delivered(home) == [("2024-01-05.zip/lines.csv", "2024-01-05", 1)]


def test_members_of_both_systems_go_to_their_systems(home, exports):
    write_bytes(
        exports, "all.zip", archive({"Account.csv": f"{ACCOUNTS}\n001{',' * 16}\n", "Payments.csv": ONE})
    )
    adopt(home, exports)
    assert land(home, "crm").landed == 1
    assert [pending(home, system) for system in ("crm", "billing")] == [0, 1]
    assert land(home, "billing").landed == 1
    assert [pending(home, system) for system in ("crm", "billing")] == [0, 0]
    assert load_all(home).rows_loaded == 2


def test_members_that_cannot_be_taken_are_named_and_the_others_come_in(home, exports):
    content = bytearray(
        archive({"bad.csv": TWO, "good.csv": ONE, "own.csv": "a,b\n1,2\n", "inner.zip": b"PK"})
    )
    at = content.find(b"bad.csv") + len("bad.csv") + 10
    content[at] ^= 0xFF
    write_bytes(exports, "a.zip", bytes(content))
    billing = land_all(home, exports)[1]
    assert billing.landed == 1
    [reason] = billing.left_out.values()
    assert "'bad.csv' isn't a whole zip file" in reason
    assert "'own.csv' matches no mapping (columns: a, b)" in reason
    assert "'inner.zip' is an archive in an archive: unpack it" in reason


def test_a_gzip_in_a_zip_is_refused_by_name(home, exports):
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(
        exports, "a.zip", archive({"p.csv.gz": gzip.compress(ONE.encode()), "q.csv": gzip.compress(b"a")})
    )
    reason = land_all(home, exports)[1].left_out["a.zip"]
    assert "'p.csv.gz' is an archive in an archive" in reason
    assert "'q.csv' is an archive in an archive" in reason


@pytest.mark.parametrize("name", ["../up.csv", "/etc/up.csv", "a/../../up.csv", "..\\up.csv", "C:\\up.csv"])
def test_a_path_that_climbs_refuses_the_archive(home, exports, name, tmp_path):
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(exports, "a.zip", archive({"p.csv": ONE, name: TWO}))
    before = {path for path in tmp_path.rglob("*") if home.root not in path.parents}
    billing = land_all(home, exports)[1]
    assert billing.landed == 1
    assert billing.left_out == {"a.zip": "holds a path that leads out of it: pack it again without"}
    assert {path for path in tmp_path.rglob("*") if home.root not in path.parents} == before


def test_what_expands_a_thousandfold_is_refused(home, exports):
    write(exports, "good.csv", PAYMENTS, payment(1))
    bomb = f"{ONE}" + "\n" * (40 << 20)
    write_bytes(exports, "a.zip", archive({"p.csv": bomb}))
    write_bytes(exports, "b.csv.gz", gzip.compress(bomb.encode(), 9))
    write_bytes(exports, "c.json.gz", gzip.compress(b'{"a": 1}' + b" " * (40 << 20)))
    left_out = land_all(home, exports)[1].left_out
    assert set(left_out) == {"a.zip", "b.csv.gz", "c.json.gz"}
    assert set(left_out.values()) == {"expands more than 200 times: it is no export"}
    assert not list((home.landing / ".incoming").iterdir())


def test_a_workbook_that_expands_a_thousandfold_is_refused_wherever_it_lies(home, exports):
    write(exports, "good.csv", PAYMENTS, payment(1))
    sheet = f"<worksheet><sheetData>{' ' * (40 << 20)}</sheetData></worksheet>"
    book = archive({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": sheet})
    write_bytes(exports, "a.xlsx", book)
    write_bytes(exports, "b.xlsx.gz", gzip.compress(book))
    write_bytes(exports, "c.zip", archive({"inner.xlsx": book}))
    billing = land_all(home, exports)[1]
    assert (billing.landed, set(billing.left_out)) == (1, {"a.xlsx", "b.xlsx.gz", "c.zip"})
    assert set(billing.left_out.values()) == {"expands more than 200 times: it is no export"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive({"p.csv": ONE})[:-10], "isn't a whole zip file"),
        (archive({}), "holds no data file"),
        (archive({"README.md": "hello"}), "holds no data file"),
    ],
    ids=["cut short", "empty", "no data"],
)
def test_an_archive_without_anything_to_read_is_named(home, exports, content, reason):
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(exports, "a.zip", content)
    assert reason in land_all(home, exports)[1].left_out["a.zip"]


def test_two_members_of_one_name_refuse_the_archive(home, exports):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("p.csv", ONE)
        file.writestr("p.csv", TWO)
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(exports, "a.zip", content.getvalue())
    reason = land_all(home, exports)[1].left_out["a.zip"]
    assert reason == "holds two files of the same name: pack it again"


def test_a_landed_archive_is_still_whole_when_it_is_loaded_again(home, exports):
    write_bytes(exports, "a.zip", archive({"p.csv": ONE, "q.csv": TWO}))
    bring_in(home, exports)
    assert not (home.scratch / "loading").exists()
    assert not Path(exports, "p.csv").exists()
