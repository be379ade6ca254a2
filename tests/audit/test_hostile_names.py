"""Names that come with data are data on every page and in every pack: never markup, formula, path or SQL."""

import json
import zipfile
from pathlib import Path

from blocked_audits import SHIFT
from made_company import audit, build, landed
from thermocline.audit import evidence_pack
from thermocline.audit.verification import verify
from thermocline.home import Home
from thermocline.publishing.approval import approve
from thermocline.publishing.publication import current

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()",
    "'; drop table x; --",
    "../../etc/passwd",
    "{{ 7*7 }}{publication_id}$(touch hostile)",
)
ON_NO_PAGE = ("<script", "cmd()", "drop table", "passwd", "7*7", "touch hostile")
PACKED = {
    "MISSING.txt",
    "README.txt",
    "SHA256SUMS",
    "approval.json",
    "code.json",
    "gate.json",
    "inputs.json",
    "ledger/chain.jsonl",
    "ledger/entry.json",
    "tables.json",
}


def test_no_file_or_person_says_anything_but_its_name_in_an_evidence_pack(home: Home, tmp_path: Path) -> None:
    files = [landed(home, f"row {number}\n".encode(), name) for number, name in enumerate(HOSTILE)]
    names = " union all ".join(f"select '{name.replace(chr(39), chr(39) * 2)}'" for name in HOSTILE)
    candidate = build(
        home,
        change=f"create table reporting.account_links as from ({names}) as made(alias_id)",
        inputs=tuple(files),
    )
    audit(home, candidate, "block", checks=[SHIFT])
    approve(home, candidate.content_hash, HOSTILE[0], " ".join(HOSTILE))
    seen = current(home)
    assert seen is not None
    path = tmp_path / "evidence.zip"
    evidence_pack.pack(home, seen.publication_id, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) == PACKED
    for name in ("README.txt", "MISSING.txt", "SHA256SUMS"):
        assert not [text for text in ON_NO_PAGE if text in parts[name]], name
    assert sorted(item["path"] for item in json.loads(parts["inputs.json"])) == sorted(HOSTILE)
    assert json.loads(parts["approval.json"])["by"] == HOSTILE[0]
    assert verify(home).findings == []
