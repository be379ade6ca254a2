"""However a command ends, a person reads one line and a program an exit code; no stack trace."""

from pathlib import Path

import pytest
from blocked_audits import SHIFT, blocked
from made_company import Begun
from thermocline.audit import verification
from thermocline.command.cli import main
from thermocline.errors import ContentChanged, LedgerTruncated
from thermocline.gate.audit import audit as put_before_the_gate


def line(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and told.startswith("thermocline: ")
    return told


@pytest.fixture
def begun(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> Begun:
    monkeypatch.setenv("THERMOCLINE_HOME", str(begun.home.root))
    return begun


def test_what_the_system_refuses_is_one_line(
    begun: Begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert main(["evidence", begun.first.publication_id, "--out", str(folder)]) == 70
    assert "Is a directory" in line(capsys)
    begun.home.ledger.rename(tmp_path / "away")
    begun.home.ledger.mkdir()
    assert main(["verify"]) == 70
    assert "ledger.jsonl" in line(capsys)


@pytest.mark.usefixtures("begun")
def test_a_fault_of_ours_is_one_line_and_its_trace_is_there_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("division by zero\nin two lines")

    monkeypatch.setattr(verification, "verify", broken)
    assert main(["verify"]) == 70
    assert "ZeroDivisionError: division by zero" in line(capsys)
    monkeypatch.setenv("THERMOCLINE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["verify"])


@pytest.mark.parametrize("content", ["[]", "7", "null", '{"binding": {}}', "{", ""])
def test_a_verdict_that_is_none_is_refused(begun: Begun, content: str) -> None:
    candidate = blocked(begun, SHIFT)
    (candidate.folder / "verdict.json").write_text(content)
    with pytest.raises(ContentChanged, match="of other content, or was changed"):
        candidate.read_verdict()


def test_an_audit_beside_a_lost_ledger_says_so(begun: Begun) -> None:
    (begun.home.config / "company.yml").write_text("reporting_currency: GBP\n")
    begun.home.ledger.write_bytes(b"")
    with pytest.raises(LedgerTruncated, match="doesn't hold publication 2011-12-09-0001"):
        put_before_the_gate(begun.home, begun.coming.content_hash)
    assert begun.coming.read_verdict() is None
