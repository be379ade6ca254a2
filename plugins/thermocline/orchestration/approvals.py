"""Approval: ask a person about a candidate that only a shift blocks, and publish it if approved."""

import logging
from typing import Any, NoReturn

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from thermocline.errors import GateBlocked, InputError
from thermocline.home import Home
from thermocline.orchestration import run_events, steps
from thermocline.orchestration.order import note_published
from thermocline.orchestration.triggering import StartRun

APPROVING = "approve_publication"

log = logging.getLogger(__name__)


class AskForApproval(StartRun):
    """Start `approve_publication` after a failed upstream task if nothing but a shift blocks.

    candidate: the XCom of the build task.
    """

    template_fields = (*StartRun.template_fields, "candidate")

    def __init__(self, *, candidate: Any, **arguments: Any) -> None:
        super().__init__(**{"trigger_dag_id": APPROVING, "trigger_rule": "one_failed", **arguments})
        self.candidate = candidate

    def execute(self, context: Context) -> None:
        from thermocline.publishing.approval import pending

        if not self.candidate:
            self.leave("nothing was built")
        try:
            pending(Home.current(), self.candidate["content_hash"])
        except (InputError, GateBlocked) as reason:
            self.leave(f"no approval is asked for: {reason}")
        self.start(context, self.candidate["content_hash"][:12], {"candidate": self.candidate})

    def leave(self, reason: str) -> NoReturn:
        log.info(reason)
        raise AirflowSkipException(reason)


def question(candidate: dict[str, Any]) -> dict[str, str]:
    """Return subject and body (Markdown, one line per shift) of the approval page.

    Raise AirflowSkipException if the candidate no longer waits for approval.
    """
    from thermocline.publishing.approval import pending

    home = Home.current()
    try:
        check(home, candidate)
        found = pending(home, candidate["content_hash"])
    except (InputError, GateBlocked) as reason:
        steps.skip(f"there is nothing to approve: {reason}")
    return {
        "subject": f"Publish the shift of {found.as_of_date}?",
        "body": "\n".join(
            [
                f"The gate blocked candidate `{found.content_hash[:12]}`, as of {found.as_of_date}, which "
                f"would follow publication {found.predecessor or '(none)'}:",
                "",
                *(f"- {line}" for line in found.lines()),
                "",
                "Every account that moved is listed in `failures.csv` of the newest folder in `site/gate/`. "
                "Approve only if you know why it moved, and say why.",
            ]
        ),
    }


def check(home: Home, candidate: dict[str, Any]) -> None:
    """Raise InputError unless `candidate` is the complete XCom of a build task."""
    from thermocline.candidates.candidate import Candidate

    found = Candidate.read(home, str(candidate.get("content_hash")))
    named = f"candidate {found.content_hash[:12]}"
    remedy = "trigger the DAG with the candidate of the blocked run"
    if candidate.get("as_of") != found.facts.as_of_date.isoformat():
        raise InputError(
            f"{named} is as of {found.facts.as_of_date}, not {candidate.get('as_of')!r}: {remedy}"
        )
    if not isinstance(candidate.get("built_at"), str):
        raise InputError(f"the key 'built_at' of {named} is missing: {remedy}")


@run_events.ends_run
def publish_approved(candidate: dict[str, Any], answer: Any, event: Any, wait_seconds: float) -> None:
    """Publish the candidate, approved by the person who answered, after checking it again.

    The question may have been open for a day, in which another run can have published.

    answer: the response of Airflow's approval page.
    """
    from thermocline.publishing import publication
    from thermocline.publishing.approval import approval, pending

    home = Home.current()
    run_events.start(home)
    with steps.refusals():
        check(home, candidate)
    steps.skip_superseded(home, candidate)
    person = answer.get("responded_by_user") or {}
    if answer.get("chosen_options") != ["Approve"] or not person:
        raise AirflowFailException("the candidate wasn't approved: nothing is published")
    with steps.refusals():
        given = approval(
            pending(home, candidate["content_hash"]),
            by=str(person.get("name") or person.get("id") or ""),
            because=str((answer.get("params_input") or {}).get("because") or ""),
            through="airflow",
            at=str(answer["responded_at"]),
        )
        published = publication.publish(
            home, candidate["content_hash"], wait_seconds, approval=given.to_json()
        )
    note_published(home, candidate)
    event.add_partitions(candidate["as_of"])
    log.info("%s as %s, approved by %s", published.outcome, published.publication_id, given.by)
    run_events.complete(home, published)
    steps.clear_superseded(home)
