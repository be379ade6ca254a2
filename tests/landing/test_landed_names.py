"""What files, folders and homes are called is data: it stops nothing, and leads nowhere else."""

import os

from export_files import PAYMENTS, load_all, payment, rows, write
from thermocline.home import Home
from thermocline.landing.land import land


def copies(home: Home) -> list[str]:
    return [path.name for path in home.landing.glob("??/*")]


def test_links_are_not_followed(home, exports, tmp_path):
    outside = write(tmp_path / "secret", "Payments.csv", PAYMENTS, payment(9))
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    (exports / "2024-01-06").mkdir()
    (exports / "2024-01-06" / "Payments.csv").symlink_to(outside)
    (exports / "2024-01-07").symlink_to(outside.parent)
    landing = land(home, "billing", exports)
    assert (landing.landed, len(copies(home))) == (1, 1)
    assert set(landing.left_out) == {"2024-01-06/Payments.csv", "2024-01-07"}


def test_a_file_name_is_data(home, exports):
    names = [
        'o\'brien "x".csv',
        "'; drop table raw.files; --.csv",
        "line\nbreak.csv",
        "[a]*?{b}.csv",
        "=cmd|' '!A0.csv",
        "日本.csv",
    ]
    for n, name in enumerate(names):
        write(exports, f"2024-01-05/{name}", PAYMENTS, payment(n))
    land(home, "billing", exports)
    load_all(home)
    assert rows(
        home, "select source_file from raw.payments join raw.files using (file_id) order by payment_id"
    ) == [(f"2024-01-05/{name}",) for name in names]


def test_a_name_that_is_no_text_is_left_out_and_the_others_go_on(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, os.fsdecode(b"2024-01-06-\xff.csv"), PAYMENTS, payment(2))
    write(exports, os.fsdecode(b"\xfe/a.csv"), PAYMENTS, payment(3))
    landing = land(home, "billing", exports)
    reason = "has a name that isn't UTF-8: rename it"
    assert landing.left_out == {r"2024-01-06-\udcff.csv": reason, r"\udcfe": reason}
    assert load_all(home).rows_loaded == 1


def test_names_that_only_begin_like_a_readme_are_data(home, exports):
    for n, name in enumerate(["Licensees.csv", "License payments.csv", "changelog_of_payments.csv"]):
        write(exports, name, PAYMENTS, payment(n))
    for name in ("LICENSE.txt", "readme.csv", "Changelog.txt"):
        write(exports, name, PAYMENTS, payment(9))
    landing = land(home, "billing", exports)
    assert (landing.landed, landing.ignored) == (3, 3)


def test_a_hostile_home_path_is_data(exports, tmp_path):
    home = Home(tmp_path / "it's [a] * {b,c}=1").prepare()
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-06/Payments.csv", PAYMENTS, payment(2), encoding="latin-1")
    land(home, "billing", exports)
    assert load_all(home).rows_loaded == 2
