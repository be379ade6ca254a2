"""Deliberate errors: chosen here, listed in `truth.json`."""

import numpy as np

from thermocline.example.billing import UNATTRIBUTED, Credits, Invoices, Lines, Oddity
from thermocline.example.company import Company
from thermocline.example.deliveries import Array, Calendar, stream
from thermocline.example.lives import Purchases

LATE_BY = 3
ROUGH_RATES = np.array([1.0, 0.92, 1.17])
UNATTRIBUTED_LIMIT = 0.02


def often(accounts: int) -> int:
    """Return how many of each kind a company of this size has."""
    return max(1, min(40, accounts // 500))


def postpone(bought: Purchases, company: Company, calendar: Calendar, many: int) -> Purchases:
    """Date the last purchases in euros after the window: `many`, at most one in ten."""
    euros = np.flatnonzero(company.currency[bought.party] == 0)
    euros = euros[len(euros) - min(many, len(euros) // 10) :]
    day = bought.day.copy()
    day[euros] = calendar.days + 3 + np.arange(len(euros)) % 20
    order = np.lexsort((bought.party, bought.second, day))
    return Purchases(bought.party[order], day[order], bought.second[order])


def choose(
    bought: Purchases, lines: Lines, company: Company, calendar: Calendar, many: int, seed: int
) -> Array:
    """Return an Oddity per purchase. Those without a known customer stay below 2 % of all revenue."""
    rng = stream(seed, "oddities")
    size = len(bought.day)
    oddity = np.where(bought.day >= calendar.days, Oddity.AHEAD, Oddity.NONE).astype(np.int64)
    if not size:
        return oddity
    worth = np.add.reduceat(lines.amount, lines.start[:-1]) * ROUGH_RATES[company.currency[bought.party]]
    shuffled = rng.permutation(size)
    small = shuffled[(worth <= np.quantile(worth, 0.25))[shuffled] & (oddity[shuffled] == 0)]
    small = small[: len(UNATTRIBUTED) * max(1, int(0.003 * size))]
    small = small[np.cumsum(worth[small]) <= UNATTRIBUTED_LIMIT * worth.sum()]
    oddity[small] = np.resize(UNATTRIBUTED, len(small))

    early = calendar.delivery_of(bought.day) + LATE_BY < calendar.deliveries
    _mark(oddity, shuffled[early[shuffled]], Oddity.LATE, many)
    _mark(oddity, shuffled, Oddity.TOTAL_DIFFERS, max(1, int(0.0005 * size)))
    _mark(oddity, shuffled, Oddity.NEWLINE, many)
    return oddity


def correct(invoices: Invoices, many: int, seed: int) -> None:
    """Mark invoices that are delivered twice: their first delivery is to have one piece more."""
    deliveries = np.bincount(invoices.versions.record, minlength=invoices.size)
    again = np.flatnonzero(deliveries > 1)
    again = again[invoices.status[again] == 1]
    _mark(invoices.oddity, stream(seed, "corrections").permutation(again), Oddity.CORRECTED, many)


def _mark(oddity: Array, candidates: Array, kind: Oddity, many: int) -> None:
    oddity[candidates[oddity[candidates] == Oddity.NONE][:many]] = kind


def redeliver(credits: Credits, calendar: Calendar) -> Array:
    """Deliver all credit notes of one early file once more, unchanged; returns which they are."""
    versions = credits.versions
    for delivery in range(calendar.deliveries - 1):
        rows = np.flatnonzero(versions.delivery == delivery)
        if len(rows):
            credits.versions = versions.also(rows, delivery + 1)
            return versions.record[rows]
    return np.zeros(0, dtype=np.int64)
