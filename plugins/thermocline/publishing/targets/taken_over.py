"""What the next publication may reuse from an earlier one, in a target that keeps it."""

from contextlib import suppress

from thermocline.candidates.candidate import Candidate
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.ledger.chain import Recorded
from thermocline.publishing.targets import Base


def base_of(home: Home, target: str, earlier: Recorded) -> Base | None:
    """Return an earlier publication as it was frozen, with the hashes of its files taken when they were
    written.

    None where the candidate was removed, or was frozen again in another packaging, or where the publication
    was recovered: what a killed publisher left is whole, but its hashes were taken afterwards.
    """
    done = earlier.done.get(target)
    if done is None or done["recovered"]:
        return None
    with suppress(ThermoclineError):
        candidate = Candidate.read(home, earlier.intent["content_hash"])
        if candidate.digest == earlier.intent["candidate"]:
            return Base(earlier.publication_id, candidate.tables, done["files"])
    return None
