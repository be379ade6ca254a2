"""The DAG that asks a person: rejected, unanswered for a day, approved, and asked again afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from blocked_audits import MONEY, SHIFT, SOUND
from made_company import Begun, audit
from thermocline.company.airflow_settings import environment
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import current


def run_dag(begun: Begun, answers: list[str]) -> list[dict[str, Any]]:
    candidate = {
        "content_hash": begun.coming.content_hash,
        "as_of": "2011-12-10",
        "built_at": "2011-12-11T00:00:00+00:00",
    }
    done = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name("approving.py"),
            json.dumps({"candidate": candidate, "answers": answers}),
        ],
        env=os.environ | environment(begun.home),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_person_is_asked_and_only_a_yes_publishes(begun: Begun) -> None:
    audit(begun.home, begun.coming, "block", checks=[SHIFT, SOUND])
    rejected, unanswered, approved = run_dag(begun, ["Reject", "nothing", "Approve"])

    assert rejected["subject"] == "Publish the shift of 2011-12-10?"
    assert "hot_share_is_steady: the share of hot accounts moved by 35% (allowed: 20%)" in rejected["body"]
    assert rejected["waits_in"] != "warehouse"
    assert rejected["hours"] == pytest.approx(24, abs=0.1)
    for nothing in (rejected, unanswered):
        assert nothing["states"] == {"question": "success", "ask": "success", "publish": "skipped"}
    assert approved["states"] == dict.fromkeys(("question", "ask", "publish"), "success")

    [_, intent] = [entry for entry in Ledger(begun.home.ledger).entries() if entry["kind"] == "intent"]
    assert intent["approval"].pop("at").startswith("20")
    assert intent["approval"] == {
        "by": "Zoë Ott",
        "because": "They closed down",
        "through": "airflow",
        "rules": ["hot_share_is_steady"],
    }
    events = [json.loads(line) for line in begun.home.openlineage.read_text().splitlines()]
    assert [(event["job"]["name"], event["eventType"]) for event in events] == [
        ("approve_publication", "START"),
        ("approve_publication", "COMPLETE"),
    ]
    seen = current(begun.home)
    assert seen is not None
    assert (seen.content_hash, seen.verdict) == (begun.coming.content_hash, "approved")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"as_of": "2011-12-11"}, "is as of 2011-12-10, not '2011-12-11'"),
        ({"as_of": None}, "is as of 2011-12-10, not None"),
        ({"content_hash": "../../etc"}, "isn't a content hash"),
        ({"content_hash": None}, "isn't a content hash"),
        ({"built_at": 7}, "the key 'built_at' of .* is missing"),
    ],
)
def test_what_a_run_was_started_with_is_checked_against_the_candidate(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(begun.home.root))
    monkeypatch.setenv("AIRFLOW_HOME", str(begun.home.airflow))
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
    from thermocline.orchestration.approvals import publish_approved, question

    audit(begun.home, begun.coming, "block", checks=[SHIFT])
    asked = {"content_hash": begun.coming.content_hash, "as_of": "2011-12-10", "built_at": "2011"} | changed
    yes = {
        "chosen_options": ["Approve"],
        "responded_by_user": {"name": "Zoë Ott"},
        "params_input": {"because": "They closed down"},
        "responded_at": "2026-01-01T00:00:00Z",
    }
    with pytest.raises(AirflowSkipException, match=message):
        question(asked)
    with pytest.raises(AirflowFailException, match=message):
        publish_approved(asked, yes, SimpleNamespace(), 0)
    seen = current(begun.home)
    assert seen is not None and seen.publication_id == begun.first.publication_id


def test_a_blocked_run_asks_only_for_what_a_person_may_approve(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(begun.home.root))
    monkeypatch.setenv("AIRFLOW_HOME", str(begun.home.airflow))
    from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException
    from thermocline.orchestration.approvals import AskForApproval

    candidate = {"content_hash": begun.coming.content_hash, "as_of": "2011-12-10", "built_at": "2011"}
    context: Any = {}
    asking = AskForApproval(task_id="ask_for_approval", candidate=candidate)
    assert asking.trigger_rule == "one_failed"
    audit(begun.home, begun.coming, "block", checks=[SHIFT])
    with pytest.raises(DagRunTriggerException) as triggered:
        asking.execute(context)
    assert triggered.value.trigger_dag_id == "approve_publication"
    assert triggered.value.conf == {"candidate": candidate}
    for checks in ([SHIFT, MONEY], [MONEY]):
        audit(begun.home, begun.coming, "block", checks=checks)
        with pytest.raises(AirflowSkipException, match="money_reconciles, which nobody can approve"):
            asking.execute(context)
    with pytest.raises(AirflowSkipException, match="nothing was built"):
        AskForApproval(task_id="ask_for_approval", candidate=None).execute(context)
