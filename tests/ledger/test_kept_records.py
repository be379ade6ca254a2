"""What builds and audits leave for an auditor: kept by hash, checked by verify, whole in the pack."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from made_company import audit, build
from thermocline.audit import evidence_pack
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.errors import ContentChanged
from thermocline.gate import failures as gate_failures
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.publishing.publication import Published, publish

BEHIND = b"the records behind a warning"


def audited(home: Home, candidate: Candidate, failures: bytes = BEHIND) -> Candidate:
    """As the gate does it: the failing records beside a verdict that names them by hash."""
    (candidate.folder / gate_failures.FILE).write_bytes(failures)
    return audit(home, candidate, "warn", failures=hashlib.sha256(failures).hexdigest())


def published(home: Home) -> tuple[Candidate, Published]:
    record = kept_records.keep(home, {"made": ["with", "care"]})
    candidate = audited(home, build(home, records={"manifest": record}))
    return candidate, publish(home, candidate.content_hash)


def packed(home: Home, publication_id: str, path: Path) -> bytes:
    evidence_pack.pack(home, publication_id, path)
    with zipfile.ZipFile(path) as archive:
        return archive.read("failures.parquet")


def test_another_audit_of_the_candidate_leaves_the_pack_whole(home: Home, tmp_path: Path) -> None:
    candidate, done = published(home)
    first = tmp_path / "first.zip"
    assert packed(home, done.publication_id, first) == BEHIND
    audited(home, candidate, b"other records")
    again = tmp_path / "again.zip"
    assert packed(home, done.publication_id, again) == BEHIND
    assert first.read_bytes() == again.read_bytes()
    assert verify(home).lines()[0].startswith("intact")


def test_failing_records_changed_since_the_audit_are_refused(home: Home) -> None:
    candidate = audited(home, build(home))
    (candidate.folder / gate_failures.FILE).write_bytes(b"others")
    with pytest.raises(ContentChanged, match=r"failures\.parquet isn't what the gate wrote: audit"):
        publish(home, candidate.content_hash)
    assert not home.ledger.exists()


def test_each_byte_of_a_record_counts_or_reads_the_same(home: Home) -> None:
    """Both ends byte by byte, and every thirtieth byte between."""
    published(home)
    paths = [path for path in home.records.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in paths) == [".gz", ".parquet"]
    for path in paths:
        whole = path.read_bytes()
        last = len(whole) - 32
        positions = [place for place in range(len(whole)) if place < 32 or place >= last or place % 30 == 0]
        found = 0
        for position in positions:
            path.chmod(0o644)
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            report = verify(home)
            # A flag, the time and the system in a gzip's head say nothing about what it holds.
            assert report.exit_code == 3 or (path.suffix == ".gz" and position in range(3, 10)), position
            found += report.exit_code == 3
        assert f"record {path} was changed" in verify(home).lines()[0]
        assert found >= len(positions) - 7
        path.write_bytes(whole)
    assert verify(home).lines()[0].endswith("1 publications, 2 records")


def test_a_record_that_is_gone_is_missed(home: Home) -> None:
    published(home)
    for path in [path for path in home.records.rglob("*") if path.is_file()]:
        away = path.rename(path.with_name("away"))
        report = verify(home)
        assert report.exit_code == 3
        assert report.lines()[0] == f"content changed: record {path} is missing: restore it from a backup"
        away.rename(path)
