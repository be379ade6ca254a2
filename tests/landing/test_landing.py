import gzip
import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from export_files import (
    ACCOUNTS,
    LINES,
    PAYMENTS,
    age,
    land_all,
    line,
    load_all,
    payment,
    rows,
    write,
    write_bytes,
)
from thermocline.errors import InputError, ThermoclineError
from thermocline.files.places import Folder
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import adopt
from thermocline.landing.coverage import covered_through
from thermocline.landing.land import land
from thermocline.landing.outstanding import pending


def copies(home: Home) -> dict[str, bytes]:
    return {
        str(path.relative_to(home.landing)): path.read_bytes() for path in sorted(home.landing.glob("??/*"))
    }


def deliveries(home: Home) -> list[tuple[str, str, date | None]]:
    with manifest.opened(home) as book:
        return [(d.source_file, d.delivery_key, d.covers_on) for d in book.deliveries()]


def state_of(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_are_kept_unmodified_named_by_their_content_and_the_source_is_untouched(home, exports):
    content = b"\xef\xbb\xbf" + PAYMENTS.encode() + b"\r\n" + payment(1).encode()
    write_bytes(exports, "2024-01-05/Payments.csv", content)
    packed = gzip.compress(f"{PAYMENTS}\n{payment(2)}\n".encode())
    write_bytes(exports, "2024-01-06/Payments.CSV.GZ", packed)
    before = state_of(exports)
    landing = land(home, "billing", exports)
    assert (landing.landed, landing.bytes) == (2, len(content) + len(packed))
    plain_name, packed_name = (hashlib.sha256(c).hexdigest() for c in (content, packed))
    assert copies(home) == {
        f"{plain_name[:2]}/{plain_name}.csv": content,
        f"{packed_name[:2]}/{packed_name}.csv.gz": packed,
    }
    assert all((home.landing / name).stat().st_mode & 0o222 == 0 for name in copies(home))
    assert not list((home.landing / ".incoming").iterdir())
    assert state_of(exports) == before


def test_each_system_lands_its_own_files(home, exports):
    write(exports, "crm/2024-01-05/Account.csv", ACCOUNTS, "001" + "," * 16)
    write(exports, "billing/2024-01-06/Payments.csv", PAYMENTS, payment(1))
    adopt(home, exports)
    assert [pending(home, system) for system in ("crm", "billing")] == [2, 2]
    assert land(home, "crm").landed == 1
    assert [pending(home, system) for system in ("crm", "billing")] == [0, 1]
    assert land(home, "billing").landed == 1
    assert [pending(home, system) for system in ("crm", "billing")] == [0, 0]
    with manifest.opened(home) as book:
        assert {(file.system, file.feed, file.records) for file in book.files()} == {
            ("crm", "accounts", 1),
            ("billing", "payments", 1),
        }


def test_landing_again_does_nothing_and_reads_nothing(home, exports, monkeypatch):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    before = copies(home)
    monkeypatch.setattr("thermocline.landing.land.incoming", None)
    landing = land(home, "billing", exports)
    assert (landing.landed, landing.already, copies(home)) == (0, 1, before)


@pytest.mark.parametrize(
    "name", ["2024-01-05/Copy.csv", "later/2024-01-09/Payments.csv", "2024-01-05/Payments.csv.gz"]
)
def test_the_same_content_under_another_name_time_or_packing_is_one_file(home, exports, name):
    original = write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    before = copies(home)
    content = original.read_bytes()
    write_bytes(exports, name, gzip.compress(content) if name.endswith("gz") else content)
    landing = land(home, "billing")
    assert (landing.landed, landing.already, copies(home)) == (0, 2, before)
    assert len(deliveries(home)) == 2
    assert pending(home, "billing") == 0
    assert load_all(home).rows_loaded == 1


def test_a_file_delivered_again_later_counts_for_its_last_delivery(home, exports):
    original = write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    load_all(home)
    query = "select source_file, delivery_key, covers_on from raw.files"
    assert rows(home, query) == [("2024-01-05/Payments.csv", "2024-01-05", date(2024, 1, 5))]
    write_bytes(exports, "2024-01-09/Payments.csv", original.read_bytes())
    land(home, "billing")
    assert load_all(home).redelivered == 1
    assert rows(home, query) == [("2024-01-09/Payments.csv", "2024-01-09", date(2024, 1, 9))]
    assert len(rows(home, "select * from raw.payments")) == 1
    assert len(rows(home, "select * from raw.deliveries")) == 2
    assert load_all(home).redelivered == 0
    assert covered_through(home, "billing") == date(2024, 1, 9)


def test_each_delivery_without_records_is_a_file_so_that_its_day_counts(home, exports):
    for day in (5, 6, 7):
        write(exports, f"2024-01-0{day}/Payments.csv", PAYMENTS)
    write(exports, "2024-01-07/Payments again.csv", PAYMENTS)
    assert land(home, "billing", exports).landed == 3
    assert len(copies(home)) == 1
    load_all(home)
    assert rows(home, "select covers_on, rows_read from raw.files order by 1") == [
        (date(2024, 1, day), 0) for day in (5, 6, 7)
    ]


def test_a_changed_file_lands_beside_its_former_content(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1), payment(2))
    assert pending(home, "billing") == 1
    assert land(home, "billing").landed == 1
    assert len(copies(home)) == 2


def test_a_file_that_is_still_growing_is_left_for_the_next_run(home, exports):
    file = write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    adopt(home, exports)
    os.utime(file)
    landing = land(home, "billing")
    assert (landing.landed, landing.waiting) == (0, ["2024-01-05/Payments.csv"])
    assert pending(home, "billing") == 0
    assert pending(home, "billing", settle_seconds=0) == 1
    assert land(home, "billing", settle_seconds=0).landed == 1


def test_a_time_of_change_in_the_future_does_not_hold_a_file_back(home, exports):
    age(write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1)), seconds=-90000)
    assert land(home, "billing", exports).landed == 1


def test_a_file_that_changes_while_it_is_copied_is_left_for_the_next_run(home, exports, monkeypatch):
    file = write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    fetch = Folder.fetch

    def fetch_while_written(folder, entry, target):
        with file.open("a") as growing:
            growing.write(payment(2) + "\n")
        return fetch(folder, entry, target)

    monkeypatch.setattr(Folder, "fetch", fetch_while_written)
    landing = land(home, "billing", exports)
    assert (landing.landed, landing.waiting, copies(home)) == (0, ["2024-01-05/Payments.csv"], {})
    monkeypatch.undo()
    age(file)
    assert land(home, "billing").landed == 1
    assert load_all(home).rows_read == 2


def test_a_file_that_disappears_while_it_is_read_is_passed_over(home, exports, monkeypatch):
    kept = write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    gone = write(exports, "2024-01-06/Payments.csv", PAYMENTS, payment(2))
    adopt(home, exports)
    fetch = Folder.fetch

    def fetch_too_late(folder, entry, target):
        gone.unlink(missing_ok=True)
        return fetch(folder, entry, target)

    monkeypatch.setattr(Folder, "fetch", fetch_too_late)
    landing = land(home, "billing")
    assert landing.landed == (1 if kept.exists() else 0) == 1


def test_an_unreadable_file_is_left_out_and_the_others_go_on(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write_bytes(
        exports,
        "2024-01-06/Payments.csv.gz",
        gzip.compress(f"{PAYMENTS}\n{payment(1)}\n".encode() * 5000)[:-30],
    )
    write_bytes(exports, "2024-01-07/Payments.csv", b"")
    landing = land(home, "billing", exports)
    assert landing.landed == 1
    assert "isn't a whole gzip file" in landing.left_out["2024-01-06/Payments.csv.gz"]
    assert landing.left_out["2024-01-07/Payments.csv"] == "is empty"
    assert pending(home, "billing") == 0


def test_what_was_left_out_is_looked_at_again_when_a_mapping_knows_it(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "own.csv", "No,Day,Sum", "1,2024-01-05,3")
    assert list(land(home, "billing", exports).left_out) == ["own.csv"]
    assert pending(home, "billing") == 0
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "own.yml").write_text(
        "name: own\ntitle: Own\nsystem: billing\nfeeds:\n- feed: payments\n  columns:\n"
        "    payment_id: {from: No, required: true}\n    paid_at: {from: Day, required: true}\n"
        "    amount: Sum\n"
    )
    with (home.config / "sources.yml").open("a") as file:
        file.write(f"- {{mapping: own, location: {exports}}}\n")
    assert pending(home, "billing") == 1
    assert land(home, "billing").landed == 1


def test_a_home_without_exports_lands_nothing_and_waits_for_nothing(home):
    assert [landing.landed for landing in land_all(home)] == [0, 0]
    assert pending(home, "crm") == pending(home, "billing") == 0
    assert not (home.config / "sources.yml").exists()


def test_a_missing_location_is_refused(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    adopt(home, exports)
    exports.rename(exports.with_name("moved"))
    with pytest.raises(InputError, match=r"exports doesn't exist"):
        land(home, "billing")
    assert pending(home, "billing") == 0


def test_a_broken_manifest_is_named(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    adopt(home, exports)
    (home.landing / "manifest.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(ThermoclineError, match=r"manifest\.sqlite: the manifest can't be used"):
        land(home, "billing")


def test_lines_of_a_wholesaler_need_no_crm(home, exports):
    write(exports, "2024-01-05.csv", LINES, line(1))
    crm, billing = land_all(home, exports)
    assert (crm.landed, billing.landed) == (0, 1)
