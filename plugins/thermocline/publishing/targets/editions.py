"""Assemble what a target writes: a candidate, as the publication that the ledger records."""

from collections.abc import Sequence

from thermocline.candidates.candidate import Candidate
from thermocline.home import Home
from thermocline.ledger.chain import Recorded
from thermocline.publishing.intents import check_row, publication_row
from thermocline.publishing.targets import Edition, Target
from thermocline.publishing.targets.taken_over import base_of


def edition_of(
    home: Home,
    target: Target,
    publication: Recorded,
    candidate: Candidate,
    completed: Sequence[Recorded],
    keep: int,
) -> Edition:
    """Return what a target is to write.

    `completed` are all publications, oldest first, of which the target keeps the last `keep`.
    """
    kept, intent = target.kept(), publication.intent
    others = [
        other
        for other in completed
        if other.publication_id in kept and other.publication_id != publication.publication_id
    ]
    earlier = others[max(0, len(others) - keep + 1) :]
    return Edition(
        publication_id=publication.publication_id,
        tables=candidate.tables,
        publication=[
            *(publication_row(other.intent, False) for other in earlier),
            publication_row(intent, True),
        ],
        gate_checks=[check_row(publication.publication_id, check) for check in intent["gate"]["checks"]],
        base=base_of(home, target.name, others[-1]) if others else None,
    )
