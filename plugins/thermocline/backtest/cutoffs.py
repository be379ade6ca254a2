"""Days from which the past is looked back at, and forward from."""

from collections.abc import Sequence
from datetime import date, timedelta

from thermocline.backtest.history import History
from thermocline.errors import InputError

STEP = timedelta(days=30)
SHORTEST_HISTORY = timedelta(days=30)
MOST = 12
LONGEST_HORIZON = 3650


def checked(history: History, cutoffs: Sequence[date] | None, horizon_days: int) -> list[date]:
    """Return the cut-offs in order, each once; by default up to twelve, 30 days apart, ending with the
    newest.

    Raise InputError, naming the cut-off and the span, where one lies outside the data or its horizon isn't
    over.
    """
    if not 1 <= horizon_days <= LONGEST_HORIZON:
        raise InputError(f"the horizon is {horizon_days} days: give 1 to {LONGEST_HORIZON}")
    horizon = timedelta(days=horizon_days)
    span = f"the data cover {history.first_on} to {history.last_on}"
    if cutoffs is None:
        found = earlier(history, history.last_on, horizon_days)
        if not found:
            raise InputError(
                f"{span}, too few days to look {horizon_days} days ahead from any: wait for more history"
            )
        return found
    if not cutoffs:
        raise InputError(f"no cut-off is given: name days such that {span}")
    for cutoff in cutoffs:
        if not history.first_on <= cutoff <= history.last_on:
            raise InputError(f"cut-off {cutoff} lies outside the data: {span}")
        if cutoff + horizon > history.last_on:
            raise InputError(
                f"cut-off {cutoff} with its horizon of {horizon_days} days ends on {cutoff + horizon}, "
                f"and {span}: name {history.last_on - horizon} or an earlier day"
            )
    return sorted(set(cutoffs))


def earlier(history: History, cutoff: date, horizon_days: int) -> list[date]:
    """Return up to twelve days, 30 apart, whose outcomes were known at the cut-off; oldest first.

    Each has at least 30 days of history before it.
    """
    day, found = cutoff - timedelta(days=horizon_days), list[date]()
    while day >= history.first_on + SHORTEST_HISTORY and len(found) < MOST:
        found.append(day)
        day -= STEP
    return found[::-1]
