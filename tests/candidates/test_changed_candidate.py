"""What somebody changed in a candidate or in its verdict is found and named."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from made_company import Begun, audit
from parquet_files import rewrite
from thermocline import durable
from thermocline.candidates.candidate import Candidate
from thermocline.errors import ContentChanged, InputError, ThermoclineError


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("account_timeline", "account_timeline/2011-12"),
        ("segment_summary", "segment_summary"),
        ("reconciliation", "gate/reconciliation"),
    ],
)
def test_a_changed_file_is_named(begun: Begun, named: str, file: str, rows: bool) -> None:
    candidate = begun.coming
    rewrite(candidate.folder / f"{file}.parquet", "from '{path}' limit 1")
    with pytest.raises(ContentChanged, match=f"table {named} of candidate"):
        candidate.check(rows)


def test_rows_changed_with_their_file_hash_are_found(begun: Begun) -> None:
    candidate = begun.coming
    path = candidate.folder / "account_timeline" / "2011-12.parquet"
    rewrite(path, "select * replace (amount + 1 as amount) from '{path}'")
    manifest = candidate.folder / "candidate.json"
    stored = json.loads(manifest.read_text())
    stored["tables"]["account_timeline"]["parts"]["2011-12"]["sha256"] = durable.file_hash(path)
    durable.replace(manifest, json.dumps(stored).encode())
    forged = Candidate.read(begun.home, candidate.content_hash)
    with pytest.raises(ContentChanged, match="table account_timeline"):
        forged.check()


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["tables"]["account_segments"]["parts"]["all"].update(content_hash="0" * 64),
        lambda stored: stored["tables"]["account_segments"]["parts"].update({"../../x": {}}),
        lambda stored: stored["tables"].pop("scorecards"),
        lambda stored: stored.update(content_hash="0" * 64),
        lambda stored: stored.pop("facts"),
    ],
)
def test_a_changed_manifest_is_refused(begun: Begun, change: Callable[[dict[str, Any]], object]) -> None:
    candidate = begun.coming
    manifest = candidate.folder / "candidate.json"
    stored = json.loads(manifest.read_text())
    change(stored)
    durable.replace(manifest, json.dumps(stored).encode())
    with pytest.raises(ContentChanged, match=r"candidate\.json was changed"):
        Candidate.read(begun.home, candidate.content_hash)


def test_a_folder_without_its_manifest_is_no_candidate(begun: Begun) -> None:
    home, candidate = begun.home, begun.coming
    (candidate.folder / "candidate.json").unlink()
    with pytest.raises(InputError, match="there is no candidate"):
        Candidate.read(home, candidate.content_hash)
    with pytest.raises(InputError, match="isn't a content hash"):
        Candidate.read(home, "../reporting")


def test_a_verdict_must_be_whole(begun: Begun) -> None:
    home, candidate = begun.home, begun.coming
    assert candidate.read_verdict() is None
    whole = {
        "candidate": candidate.content_hash,
        "verdict": "pass",
        "warnings": 0,
        "predecessor": None,
        "audited_at": "2026-01-01",
        "checks": [{"rule": "rows"}],
    }
    for changed in ({"verdict": "maybe"}, {"checks": []}, {"candidate": "0" * 64}):
        with pytest.raises(ThermoclineError, match="incomplete or of another one"):
            candidate.write_verdict({**whole, **changed})
    for name in whole:
        with pytest.raises(ThermoclineError, match="incomplete or of another one"):
            candidate.write_verdict({key: value for key, value in whole.items() if key != name})
    audit(home, candidate, "warn")
    assert (candidate.read_verdict() or {})["warnings"] == 1


def test_a_verdict_of_other_content_or_an_edited_one_is_refused(begun: Begun) -> None:
    judged, other = (
        audit(begun.home, begun.coming, "block"),
        Candidate.read(begun.home, begun.first.content_hash),
    )
    shutil.copy(judged.folder / "verdict.json", other.folder)
    with pytest.raises(ContentChanged, match="of other content, or was changed"):
        other.read_verdict()
    path = judged.folder / "verdict.json"
    path.write_text(path.read_text().replace('"block"', '"pass"'))
    with pytest.raises(ContentChanged, match="of other content, or was changed"):
        judged.read_verdict()
