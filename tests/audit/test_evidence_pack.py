"""The evidence pack: checked as an auditor would, with sha256sum and python alone."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from screened import Screened
from thermocline.audit import evidence_pack
from thermocline.command.cli import main
from thermocline.errors import ContentChanged, InputError
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.ledger.chain import Ledger


@pytest.fixture(scope="module")
def packed(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of the example's publication."""
    path = tmp_path_factory.mktemp("packed") / "evidence.zip"
    assert evidence_pack.pack(example.home, example.published.publication_id, path) == []
    return path


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def ran(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command.replace("python3", f"'{sys.executable}' -I"),
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def commands(folder: Path) -> list[str]:
    """The commands of README.txt: sha256sum, the chain, the inputs."""
    text = (folder / "README.txt").read_text(encoding="utf-8")
    found = ["sha256sum -c SHA256SUMS", *re.findall(r'^python3 -c ".*?^"$', text, re.MULTILINE | re.DOTALL)]
    assert found[0] in text and len(found) == 3
    return found


def test_its_commands_prove_what_they_say(folder: Path) -> None:
    entry = json.loads((folder / "ledger" / "entry.json").read_text())
    whole, chain, inputs = commands(folder)
    assert ran(folder, whole).returncode == 0
    assert ran(folder, chain).stdout.strip() == entry["hash"]
    assert ran(folder, inputs).stdout.strip() == entry["inputs_digest"]
    for name, sha256 in entry["records"].items():
        sums = (folder / "SHA256SUMS").read_text()
        assert f"{sha256}  {evidence_pack.RECORDS[name]}\n" in sums


def test_its_commands_find_a_change(folder: Path) -> None:
    whole, chain, inputs = commands(folder)
    path = folder / "ledger" / "chain.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"accounts":', b'"accounts":1', 1))
    assert ran(folder, whole).returncode != 0
    assert ran(folder, chain).returncode != 0
    named = json.loads((folder / "inputs.json").read_text())
    (folder / "inputs.json").write_text(json.dumps(named[1:]))
    entry = json.loads((folder / "ledger" / "entry.json").read_text())
    assert ran(folder, inputs).stdout.strip() != entry["inputs_digest"]


def test_equal_publications_give_equal_bytes(example: Screened, packed: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    evidence_pack.pack(example.home, example.published.publication_id, again)
    assert again.read_bytes() == packed.read_bytes()


def test_every_published_column_leads_to_its_origin(example: Screened, folder: Path) -> None:
    rows = [line.split(",") for line in (folder / "lineage.csv").read_text().splitlines()[1:]]
    assert {row[4] for row in rows} == {"yes"}
    tables = json.loads((folder / "tables.json").read_text())
    found = {(row[0], row[1]) for row in rows}
    columns = example.rows(
        "select 'reporting.' || table_name, column_name from information_schema.columns "
        "where table_schema = 'reporting' and table_name not in ('publication', 'gate_checks')"
    )
    assert found == set(columns)
    assert len(tables) == len({table for table, _ in columns})
    origins = {row[2].split(".")[0] for row in rows}
    assert origins == {"raw", "config", "defaults", ""}
    assert ["reporting.account_segments", "owner", "raw.accounts", "owner", "yes"] in rows
    made_of_nothing = {(row[0].split(".")[1], row[1]) for row in rows if not row[2]}
    assert made_of_nothing == {
        ("account_links", "alias_kind"),
        ("account_segments", "publication_id"),
        ("account_segments", "reporting_currency"),
        ("feeds", "gaps"),
        ("group_segments", "accounts"),
        ("group_segments", "publication_id"),
        ("segment_summary", "accounts"),
        ("unattributed_events", "feed"),
        ("unattributed_events", "records"),
        ("unattributed_revenue", "documents"),
    }


def test_rows_and_sums_reconcile_in_it(folder: Path) -> None:
    equations = json.loads((folder / "reconciliation.json").read_text())
    assert {float(row["difference"]) for row in equations} == {0.0}
    assert {row["rule"].split(" ")[0] for row in equations} == {"rows", "money", "revenue"}
    [scorecard] = json.loads((folder / "scorecards.json").read_text())
    assert scorecard["scorecard_version"] == "1"


def test_what_was_pruned_is_said_by_name(
    example: Screened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home").prepare()
    shutil.copy(example.home.ledger, home.ledger)
    name = example.published.publication_id
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)
    assert main(["evidence", name]) == 0
    told = capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / f"evidence-{name}.zip") as archive:
        missing = archive.read("MISSING.txt").decode()
        held = archive.namelist()
    for part in (
        "dbt/manifest.json",
        "reconciliation.json",
        "scorecards.json",
        "lineage.csv",
        "failures.parquet",
    ):
        assert f"{part}: " in missing and f"not in the pack: {part}: " in told
        assert part not in held
    assert {"ledger/entry.json", "ledger/chain.jsonl", "inputs.json", "gate.json", "SHA256SUMS"} <= set(held)


def test_a_changed_record_is_refused(example: Screened, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    shutil.copy(example.home.ledger, home.ledger)
    shutil.copytree(example.home.records, home.records)
    [intent] = [entry for entry in Ledger(home.ledger).entries() if entry["kind"] == "intent"]
    changed = kept_records.place(home, intent["records"]["scorecards"])
    changed.chmod(0o644)
    changed.write_bytes(kept_records.place(home, intent["records"]["reconciliation"]).read_bytes())
    with pytest.raises(ContentChanged, match=r"record .* was changed"):
        evidence_pack.pack(home, example.published.publication_id, tmp_path / "evidence.zip")
    with pytest.raises(InputError, match="there is no publication 1999-01-01-0001"):
        evidence_pack.pack(home, "1999-01-01-0001", tmp_path / "evidence.zip")
    assert not (tmp_path / "evidence.zip").exists()
