"""Every way a command can end, each with its exit code.

A message is one line: what happened, where (file, line, key), and what to do next.
"""


class ThermoclineError(Exception):
    """A fault of ours, or a failure that has no class of its own."""

    exit_code = 70


class GateBlocked(ThermoclineError):
    """The gate refused the candidate; yesterday's publication stays."""

    exit_code = 1


class InputError(ThermoclineError):
    """Wrong use or bad input; nothing was written."""

    exit_code = 2


class WarehouseBusy(InputError):
    """Another run holds the warehouse."""


class TargetBehind(ThermoclineError):
    """Published, but a further target failed: its readers see what they saw, the next run completes it."""

    def __init__(
        self, message: str, publication_id: str | None = None, content_hash: str | None = None
    ) -> None:
        super().__init__(message)
        self.publication_id = publication_id
        self.content_hash = content_hash


class PlaceUnreachable(InputError):
    """A remote place that can't be read at the moment."""


class ContentChanged(ThermoclineError):
    """Stored data differ from what the ledger says was stored."""

    exit_code = 3


class LedgerChanged(ThermoclineError):
    """An entry of the ledger was edited, removed or swapped."""

    exit_code = 4


class LedgerTruncated(ThermoclineError):
    """The ledger's tail, which a publication names, is missing."""

    exit_code = 5
