"""Exports on S3, SFTP and the web, from servers on loopback: landed whole, or not at all."""

import gzip

import pytest
from export_files import PAYMENTS, load_all, payment, rows
from thermocline.errors import InputError, PlaceUnreachable
from thermocline.files.remote import Remote
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.land import land
from thermocline.landing.outstanding import pending

ONE = f"{PAYMENTS}\n{payment(1)}\n".encode()
TWO = f"{PAYMENTS}\n{payment(2)}\n{payment(3)}\n".encode()
# More than a network hands over at once.
LONG = "\n".join([PAYMENTS, *(payment(n) for n in range(5000))]).encode()


def kept(home: Home) -> list[bytes]:
    return sorted(path.read_bytes() for path in home.landing.glob("??/*"))


def nothing_is_left_behind(home: Home) -> bool:
    return not list((home.landing / ".incoming").iterdir())


def test_files_land_as_local_ones_do_and_are_not_downloaded_again(home, there, monkeypatch):
    there.put("2024-01-05/Payments.csv", ONE)
    there.put("2024-01-06/Payments.csv.gz", gzip.compress(TWO, mtime=0))
    there.declare(home, monkeypatch)
    assert pending(home, "billing") == 2
    landing = land(home, "billing")
    assert (landing.landed, landing.waiting, landing.left_out) == (2, [], {})
    assert kept(home) == sorted([ONE, gzip.compress(TWO, mtime=0)])
    assert load_all(home).rows_loaded == 3
    assert rows(home, "select source_file, delivery_key from raw.files order by 1") == [
        ("2024-01-05/Payments.csv", "2024-01-05"),
        ("2024-01-06/Payments.csv.gz", "2024-01-06"),
    ]
    assert there.read("2024-01-05/Payments.csv") == ONE
    monkeypatch.setattr(Remote, "fetch", None)
    assert pending(home, "billing") == 0
    assert land(home, "billing").already == 2
    monkeypatch.undo()


def test_a_changed_file_lands_beside_its_former_content(home, there, monkeypatch):
    there.put("Payments.csv", ONE)
    there.declare(home, monkeypatch)
    land(home, "billing")
    there.put("Payments.csv", TWO)
    assert pending(home, "billing") == 1
    assert land(home, "billing").landed == 1
    assert kept(home) == sorted([ONE, TWO])


def test_a_connection_that_breaks_in_the_middle_is_tried_again(home, there, monkeypatch):
    there.put("Payments.csv", LONG)
    there.declare(home, monkeypatch)
    cuts = iter([True, True])
    there.breaks(lambda: next(cuts, False))
    assert land(home, "billing").landed == 1
    assert next(cuts, None) is None
    assert kept(home) == [LONG]
    assert nothing_is_left_behind(home)


def test_a_connection_that_always_breaks_lands_nothing_and_the_next_run_all(home, there, monkeypatch):
    there.put("Payments.csv", LONG)
    there.declare(home, monkeypatch)
    there.breaks(lambda: True)
    with pytest.raises(
        PlaceUnreachable, match=r"Payments\.csv.* can't be read .*3 times.*: run again later"
    ) as it:
        land(home, "billing")
    assert "\n" not in str(it.value)
    assert kept(home) == []
    assert nothing_is_left_behind(home)
    with manifest.opened(home) as book:
        assert book.files() == []
    there.breaks(lambda: False)
    assert land(home, "billing").landed == 1


@pytest.mark.parametrize("there", ["sftp", "web"], indirect=True)
def test_wrong_credentials_are_named_by_their_connection_and_never_shown(home, there, monkeypatch, caplog):
    there.put("Payments.csv", ONE)
    there.declare(home, monkeypatch, password="wrong-but-secret")
    with pytest.raises(InputError, match=r"refuses the connection 'there': check its credentials") as it:
        land(home, "billing")
    shown = f"{it.value} {it.value.__cause__} {caplog.text}"
    assert "wrong-but-secret" not in shown
    assert "\n" not in str(it.value)


def test_a_bucket_refuses_wrong_credentials(home, s3, s3_address, monkeypatch):
    import urllib.request

    def guard(count: str) -> None:
        text = {"Content-Type": "text/plain"}
        there = f"{s3_address[0]}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(there, count.encode(), text))

    s3.put("Payments.csv", ONE)
    s3.declare(home, monkeypatch)
    guard("0")
    try:
        with pytest.raises(InputError, match="refuses the connection 'there'") as it:
            land(home, "billing")
        assert "made-up-secret" not in str(it.value)
    finally:
        guard("inf")
    assert land(home, "billing").landed == 1


def test_a_connection_that_airflow_has_not_is_named(home, s3, monkeypatch):
    s3.declare(home, monkeypatch)
    monkeypatch.delenv("AIRFLOW_CONN_THERE")
    with pytest.raises(
        InputError, match=r"there is no Airflow connection there: add it .*AIRFLOW_CONN_THERE"
    ):
        land(home, "billing")


def test_only_what_lies_below_the_folder_counts(home, s3, monkeypatch):
    s3.put("2024-01-05/Payments.csv", ONE)
    for path in (".hidden/Payments.csv", "notes.pdf", "config/Payments.csv", "../billing-old/Payments.csv"):
        s3.put(path, TWO)
    s3.declare(home, monkeypatch)
    landing = land(home, "billing")
    assert (landing.landed, landing.ignored) == (1, 4)


def test_a_missing_bucket_or_folder_is_named(home, s3, sftp, monkeypatch):
    for there in (s3, sftp):
        there.declare(home, monkeypatch)
        text = (home.config / "sources.yml").read_text()
        (home.config / "sources.yml").write_text(text.replace("/billing", "-gone/billing"))
        if there is sftp:
            (home.config / "sources.yml").write_text(text.replace("/billing", "/gone"))
        with pytest.raises(InputError, match=r"gone.* doesn't exist: name the folder of the exports"):
            land(home, "billing")


def test_a_file_missing_on_the_web_is_named(home, web, monkeypatch):
    web.put("Payments.csv", ONE)
    web.files.append("nowhere/Payments.csv")
    web.declare(home, monkeypatch)
    with pytest.raises(InputError, match=r"nowhere/Payments\.csv"):
        land(home, "billing")


def test_a_server_that_nobody_serves_can_be_reached_later(home, web, monkeypatch):
    web.put("Payments.csv", ONE)
    monkeypatch.setattr("thermocline.files.remote.REST_SECONDS", 0.01)
    web.location = "http://127.0.0.1:1"
    web.declare(home, monkeypatch)
    with pytest.raises(PlaceUnreachable, match=r"http://127.0.0.1:1 can't be read"):
        land(home, "billing")


@pytest.mark.parametrize("expected", ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOther", None])
def test_a_server_with_another_host_key_is_not_talked_to(home, sftp, monkeypatch, expected):
    sftp.put("Payments.csv", ONE)
    monkeypatch.setenv("HOME", str(home.root))
    sftp.declare(home, monkeypatch, extra={"host_key": expected} if expected else {})
    with pytest.raises(InputError, match="shows a host key that isn't the expected one: set `host_key`"):
        land(home, "billing")
    sftp.declare(home, monkeypatch, extra={"no_host_key_check": True})
    assert land(home, "billing").landed == 1


def test_links_on_a_server_are_not_followed_and_a_growing_file_waits(home, sftp, monkeypatch, tmp_path):
    sftp.put("deep/er/Payments.csv", ONE)
    folder = tmp_path / "served" / "billing"
    (tmp_path / "served" / "secret.csv").write_bytes(TWO)
    (folder / "link.csv").symlink_to("../secret.csv")
    (folder / "growing.csv").write_bytes(TWO)
    sftp.declare(home, monkeypatch)
    landing = land(home, "billing")
    assert (landing.landed, landing.waiting) == (1, ["growing.csv"])
    assert landing.left_out == {"link.csv": "is a link; links aren't followed"}


def test_a_file_that_changes_while_it_is_downloaded_is_left_for_the_next_run(home, sftp, monkeypatch):
    sftp.put("Payments.csv", LONG)
    sftp.declare(home, monkeypatch)
    changes = iter([True])

    def change() -> bool:
        if next(changes, False):
            sftp.put("Payments.csv", LONG + ONE)
        return False

    sftp.breaks(change)
    landing = land(home, "billing")
    assert (landing.landed, landing.waiting, kept(home)) == (0, ["Payments.csv"], [])
    assert land(home, "billing").landed == 1
