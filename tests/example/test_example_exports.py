"""What the example company's files hold is found where `truth.json` says it is."""

import json
from pathlib import Path

import pytest
from export_files import load_all, rows
from thermocline.example import generate
from thermocline.home import Home
from thermocline.landing.land import land

FOUND_LATER = {"unknown_currency"}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Home]:
    out = tmp_path_factory.mktemp("example") / "exports"
    generate(accounts=60, days=60, seed=3, out=out)
    home = Home(tmp_path_factory.mktemp("home")).prepare()
    for system in ("crm", "billing"):
        land(home, system, out, settle_seconds=0)
    load_all(home, "Europe/Berlin")
    return out, home


def test_every_file_of_the_example_is_recognised_and_loaded(example):
    out, home = example
    files = {str(path.relative_to(out)) for path in out.rglob("*.csv")}
    assert {path for (path,) in rows(home, "select source_file from raw.deliveries")} == files
    assert rows(home, "select count(*) from raw.unmapped_columns") == [(0,)]
    assert rows(home, "select distinct covers_on::varchar = delivery_key from raw.files") == [(True,)]


def test_exactly_the_dirt_is_quarantined(example):
    out, home = example
    told = {
        (entry["file"], entry["record"])
        for entry in json.loads((out / "truth.json").read_text())["entries"]
        if entry["expect"] == "quarantined" and entry["kind"] not in FOUND_LATER
    }
    found = set(
        rows(home, "select source_file, source_row from raw.quarantine join raw.files using (file_id)")
    )
    assert told
    assert found == told
