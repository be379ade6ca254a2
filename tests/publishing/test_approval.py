"""A person approves what the gate blocked for a shift alone: published in their name, or not at all."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from blocked_audits import MONEY, SHIFT, blocked
from made_company import Begun, audit
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.command.cli import main
from thermocline.errors import ContentChanged, GateBlocked, InputError
from thermocline.ledger.chain import Ledger
from thermocline.publishing.approval import approve, find
from thermocline.publishing.publication import current, database


def intents(begun: Begun) -> list[dict[str, Any]]:
    return [entry for entry in Ledger(begun.home.ledger).entries() if entry["kind"] == "intent"]


def test_a_shift_is_published_in_a_persons_name(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    candidate = blocked(begun, SHIFT)
    monkeypatch.setenv("THERMOCLINE_HOME", str(begun.home.root))
    because = "We took over a wholesaler's accounts"
    assert main(["approve", candidate.content_hash[:12], "--by", "Zoë Ott", "--because", because]) == 0
    told = capsys.readouterr().out
    assert "approved: hot_share_is_steady: " in told
    assert "published as 2011-12-10-0002, as of 2011-12-10" in told
    seen = current(begun.home)
    assert seen is not None
    assert (seen.content_hash, seen.verdict) == (candidate.content_hash, "approved")
    approval = intents(begun)[-1]["approval"]
    assert approval.pop("at") >= intents(begun)[0]["at"][:19]
    assert approval == {
        "by": "Zoë Ott",
        "because": because,
        "through": "command",
        "rules": ["hot_share_is_steady"],
    }
    with duckdb.connect(str(database(begun.home)), read_only=True) as reporting:
        checks = reporting.execute("select rule, measure, verdict from reporting.gate_checks order by 1")
        assert checks.fetchall() == [
            ("hot_share_is_steady", "hot_share_moved", "block"),
            ("rows_reconcile", "hot_share_moved", "pass"),
        ]
    assert verify(begun.home).findings == []
    with pytest.raises(InputError, match="is published as 2011-12-10-0002: there is nothing to approve"):
        approve(begun.home, candidate.content_hash, "Ann", "again")


def refused(begun: Begun, kind: type[Exception], message: str, begins: str | None = None) -> None:
    with pytest.raises(kind, match=message):
        approve(begun.home, begins or begun.coming.content_hash, "Ann", "It is right")
    assert len(intents(begun)) == 1
    seen = current(begun.home)
    assert seen is not None and seen.publication_id == begun.first.publication_id


def test_nothing_but_a_shift_can_be_approved(begun: Begun) -> None:
    blocked(begun, SHIFT, MONEY)
    refused(begun, GateBlocked, "blocked by money_reconciles, which nobody can approve")
    blocked(begun, MONEY)
    refused(begun, GateBlocked, "money_reconciles")
    audit(begun.home, begun.coming)
    refused(begun, InputError, "isn't blocked .*: there is nothing to approve")


def test_a_candidate_that_was_never_audited_cannot_be_approved(begun: Begun) -> None:
    refused(begun, GateBlocked, "has no verdict: audit it first")


def test_who_and_why_must_be_said(begun: Begun) -> None:
    candidate = blocked(begun, SHIFT)
    for by, because in (("", "It is right"), (" ", "It is right"), ("Ann", " "), ("Ann", "x" * 501)):
        with pytest.raises(InputError, match="an approval needs a"):
            approve(begun.home, candidate.content_hash, by, because)
    assert len(intents(begun)) == 1


def test_an_approval_is_of_one_candidate_as_it_was_judged(begun: Begun) -> None:
    candidate = blocked(begun, SHIFT)
    refused(begun, InputError, "isn't a content hash", "abc")
    refused(begun, InputError, "0 candidates", "0" * 12)
    assert find(begun.home, candidate.content_hash[:8].upper()) == candidate.content_hash
    path = candidate.folder / "verdict.json"
    body = json.loads(path.read_text())
    path.write_text(json.dumps(body | {"checks": [SHIFT]}))
    refused(begun, ContentChanged, "of other content, or was changed")
    blocked(begun, SHIFT)
    (candidate.folder / "segment_summary.parquet").chmod(0o644)
    (candidate.folder / "segment_summary.parquet").write_bytes(b"changed")
    refused(begun, ContentChanged, "table segment_summary")


def test_reporting_that_has_gone_on_is_not_turned_back(begun: Begun, tmp_path: Path) -> None:
    audit(begun.home, begun.coming, "block", checks=[SHIFT], predecessor=None)
    refused(begun, GateBlocked, r"compared with publication \(none\), and readers now see 2011-12-09-0001")
    later = begun.copy(tmp_path / "later")
    later.publish()
    earlier = Candidate.read(later.home, later.first.content_hash)
    audit(later.home, earlier, "block", checks=[SHIFT])
    with pytest.raises(GateBlocked, match="is of 2011-12-09 and reporting already holds 2011-12-10"):
        approve(later.home, earlier.content_hash, "Ann", "It is right")
