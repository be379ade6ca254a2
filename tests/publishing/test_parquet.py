"""The Parquet target, in a local folder and in a bucket of a real S3 endpoint."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from made_company import FULL, audit, build, run
from moto.server import ThreadedMotoServer
from test_postgres import MONTHS, ODD
from thermocline.audit.verification import verify
from thermocline.candidates import hashing
from thermocline.errors import InputError, LedgerChanged, TargetBehind
from thermocline.home import PROJECT, Home
from thermocline.publishing.publication import publish, targets
from thermocline.publishing.targets import Target
from thermocline.publishing.targets.lake import Lake


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def home(home: Home) -> Home:
    configure(home, "    location: lake\n")
    return home


@pytest.fixture
def remote(home: Home, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Home:
    name = f"lake-{abs(hash(str(home.root)))}"
    made = {"endpoint_url": endpoint, "region_name": "eu-central-1"}
    boto3.client(
        "s3", aws_access_key_id="thermo", aws_secret_access_key="hunter2hunter2", **made
    ).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setenv(
        "AIRFLOW_CONN_LAKE",
        json.dumps({"conn_type": "aws", "login": "thermo", "password": "hunter2hunter2", "extra": made}),
    )
    configure(home, f"    location: s3://{name}/company\n    connection: lake\n")
    return home


def configure(home: Home, lines: str) -> None:
    (home.config / "company.yml").write_text(
        f"reporting_currency: GBP\nkeep_publications: 2\ntargets:\n  - kind: parquet\n{lines}"
    )


def place(home: Home) -> Target:
    return targets(home)[1]


def lake(home: Home) -> Lake:
    opened = place(home)
    return opened.lake  # type: ignore[attr-defined]


def test_the_folder_holds_what_the_candidate_holds(home: Home) -> None:
    candidate = audit(home, build(home, accounts=6, marts=FULL, change=ODD))
    published = publish(home, candidate.content_hash)
    held = place(home).tables(published.publication_id)
    assert sorted(held) == sorted([*candidate.tables, "gate_checks", "publication"])
    assert hashing.content_hash(held) == candidate.content_hash
    for name, table in candidate.tables.items():
        assert (held[name].rows, held[name].stored) == (table.rows, table.hashes.stored), name
    one, other = (target.publications(published.publication_id) for target in targets(home))
    assert one == other
    assert verify(home).lines()[0].startswith("intact")


def test_only_changed_months_are_written_and_old_ones_go(home: Home) -> None:
    run(home, change=MONTHS)
    before = {path for path in lake(home).paths() if path.startswith("months/account_timeline/")}
    assert sorted(path.split("/")[2][:7] for path in before) == ["2011-01", "2011-06", "2011-11"]
    for amount in (7, 8):
        run(
            home,
            change=f"{MONTHS}; update reporting.account_timeline set amount = {amount} where source_row = 2",
        )
    after = {path for path in lake(home).paths() if path.startswith("months/account_timeline/")}
    assert sorted(path.split("/")[2][:7] for path in after) == ["2011-01", "2011-06", "2011-06", "2011-11"]
    assert len(after & before) == 2
    assert place(home).kept() == ["2011-12-09-0002", "2011-12-09-0003"]
    assert {path.split("/")[1] for path in lake(home).paths() if path.startswith("publications/")} == {
        "2011-12-09-0002",
        "2011-12-09-0003",
    }
    assert verify(home).lines()[0].startswith("intact")


def test_readers_find_their_way_as_documented(home: Home, tmp_path: Path) -> None:
    configure(home, f"    location: {tmp_path}/plain\n")
    run(home, change=MONTHS)
    code = (
        (PROJECT / "docs" / "targets.md")
        .read_text()
        .split("## Parquet")[1]
        .split("```sql\n")[1]
        .split("```")[0]
    )
    with duckdb.connect() as connection:
        for statement in code.replace("s3://bucket/company", lake(home).root).strip().split(";\n"):
            found = connection.execute(statement).fetchall()
    assert found == [(15, Decimal("37.5"))]


def test_the_switch_is_one_file(home: Home) -> None:
    run(home)
    before = lake(home).read("current.json")
    steps: list[str] = []

    def stop(step: str) -> None:
        steps.append(step)
        if step == "parquet in place":
            assert lake(home).read("current.json") == before
            raise KeyboardInterrupt

    candidate = audit(home, build(home, "2011-12-10", accounts=7))
    with pytest.raises(KeyboardInterrupt):
        publish(home, candidate.content_hash, progress=stop)
    assert "parquet wrote account_segments" in steps
    assert place(home).current() == "2011-12-09-0001"
    assert run(home, "2011-12-10", accounts=7).publication_id == "2011-12-10-0003"
    assert place(home).kept() == ["2011-12-09-0001", "2011-12-10-0003"]
    assert verify(home).lines()[0].startswith("intact")


@pytest.mark.parametrize("content", [b"", b"{", b'{"publication_id": "2011-12-09-0001", "tables": {}}'])
def test_a_damaged_pointer_is_mended(home: Home, content: bytes) -> None:
    run(home)
    whole = lake(home).read("current.json")
    lake(home).put("current.json", content)
    assert place(home).current() is None
    assert run(home).outcome == "unchanged"
    assert lake(home).read("current.json") == whole
    assert verify(home).lines()[0].startswith("intact")


def forged(manifest: dict[str, Any], kind: str) -> Any:
    """The manifest as somebody who may write to the folder could leave it."""
    changed = json.loads(json.dumps(manifest))
    table = changed["tables"]["publication"]
    match kind:
        case "statements as a type":
            table["columns"][0][1] = f"VARCHAR); copy (select 42) to '{manifest['owned']}'; select (1"
        case "statements behind a precision":
            table["columns"][0][1] = f"DECIMAL(18,4)); copy (select 42) to '{manifest['owned']}'; select (1"
        case "no columns":
            del table["columns"]
        case "columns that are none":
            table["columns"] = [["publication_id"], 7]
        case "files that are none":
            table["files"] = [{"path": ["publications"], "rows": 1}]
        case "tables that are none":
            changed["tables"] = {"publication": None}
    del changed["owned"]
    return changed


def test_a_forged_manifest_is_found_never_obeyed_and_written_again(home: Home) -> None:
    """Others may write to a bucket: what stands there isn't ours."""
    run(home)
    owned, name = home.root / "owned", "publications/2011-12-09-0001/manifest.json"
    manifest = json.loads(lake(home).read(name) or b"") | {"owned": str(owned)}

    def forge(kind: str) -> None:
        for path in (name, "current.json"):
            lake(home).put(path, json.dumps(forged(manifest, kind)).encode())

    for kind in (
        "no columns",
        "columns that are none",
        "files that are none",
        "tables that are none",
        "statements as a type",
    ):
        forge(kind)
        assert (kind, place(home).current(), place(home).kept()) == (kind, None, [])
    forge("statements behind a precision")
    report = verify(home)
    assert (report.exit_code, place(home).current()) == (3, None)
    assert run(home).outcome == "unchanged"
    assert verify(home).lines()[0].startswith("intact")
    assert not owned.exists()


def test_a_lost_file_is_written_again_and_a_changed_one_found(home: Home) -> None:
    run(home)
    month = next(path for path in lake(home).paths() if path.startswith("months/account_timeline/"))
    file = Path(lake(home).root) / month
    whole = file.read_bytes()
    file.unlink()
    assert place(home).kept() == []
    assert run(home).outcome == "unchanged"
    assert verify(home).lines()[0].startswith("intact")
    file.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    assert verify(home).exit_code == 3
    lake(home).put("ledger-head.json", b"{}")
    with pytest.raises(LedgerChanged, match=r"ledger-head\.json is damaged"):
        place(home).anchored()


def test_a_bucket_holds_it_too_and_is_completed_later_where_it_was_out_of_reach(
    remote: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = remote
    with monkeypatch.context() as patched:
        closed = {"endpoint_url": "http://127.0.0.1:9"}
        patched.setenv("AWS_MAX_ATTEMPTS", "1")
        patched.setenv(
            "AIRFLOW_CONN_LAKE",
            json.dumps({"conn_type": "aws", "login": "t", "password": "hunter2hunter2", "extra": closed}),
        )
        with pytest.raises(TargetBehind, match="parquet failed \\(s3://lake-") as raised:
            run(home, marts=FULL, change=MONTHS)
    assert "hunter2" not in str(raised.value)
    candidate = audit(home, build(home, "2011-12-10", accounts=6, marts=FULL, change=ODD))
    published = publish(home, candidate.content_hash)
    held = place(home).tables(published.publication_id)
    assert hashing.content_hash(held) == candidate.content_hash
    assert hashing.stored_hash({name: held[name] for name in candidate.tables}) == candidate.stored_hash
    assert place(home).current() == published.publication_id
    assert verify(home).lines()[0].startswith("intact")


def test_a_password_in_an_address_is_refused(home: Home) -> None:
    configure(home, "    location: sftp://user:hunter2@host/lake\n")
    with pytest.raises(
        InputError, match=r"company\.yml, line 5, targets\[1\]\.location: expected a folder"
    ) as refused:
        targets(home)
    assert "hunter2" not in str(refused.value)
