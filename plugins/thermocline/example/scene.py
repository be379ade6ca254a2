"""Where and when things happen to CRM accounts: at random, or around their invoices."""

import numpy as np

from thermocline.example.billing import Invoices, Oddity
from thermocline.example.company import Company
from thermocline.example.crm import Contacts
from thermocline.example.deliveries import Array, Calendar, stream

YEAR = 365.0


class Scene:
    """The parties in the CRM, their contacts and the invoices that things happen around."""

    def __init__(
        self,
        company: Company,
        contacts: Contacts,
        invoices: Invoices,
        calendar: Calendar,
        seed: int,
    ) -> None:
        self.company, self.contacts, self.calendar = company, contacts, calendar
        self.invoices, self.seed = invoices, seed
        self.begins = np.maximum(company.crm_created, 0)
        self.ends = np.minimum(company.until, calendar.days)
        met = company.has_crm[invoices.buyer] & (invoices.oddity == Oddity.NONE)
        self.met = np.flatnonzero(met & (invoices.status < 2))
        rng = stream(seed, "temper")
        never_bought = company.has_crm & ~company.has_billing
        self.asks = never_bought & (rng.random(company.size) < 0.3)
        self.satisfaction = np.clip(rng.normal(0.72, 0.16, company.size), 0, 1)

    def at_random(self, rng: np.random.Generator, per_year: Array | float) -> tuple[Array, Array]:
        """Return (party, day) of things that happen to CRM accounts at a rate, in no order."""
        span = np.maximum(self.ends - self.begins, 0) * self.company.has_crm
        count = rng.poisson(span / YEAR * per_year)
        party = np.repeat(np.arange(self.company.size), count)
        day = self.begins[party] + (span[party] * rng.random(len(party))).astype(np.int64)
        return party, np.maximum(self.calendar.workday(day), self.begins[party])

    def around(self, rows: Array, days: Array) -> tuple[Array, Array]:
        """Return (party, day) of things that happen some days after (before: negative) invoices."""
        party = self.invoices.buyer[rows]
        day = self.calendar.workday(np.maximum(self.invoices.day[rows] + days, 0))
        return party, np.clip(day, self.begins[party], self.calendar.days - 1)


def in_order(rng: np.random.Generator, *columns: Array) -> list[Array]:
    """Return the columns (party and day first) by moment, with a second of the day after them."""
    second = rng.integers(8 * 3600, 16 * 3600, len(columns[0]))
    order = np.lexsort((columns[0], second, columns[1]))
    return [column[order] for column in (*columns, second)]


def objects(values: tuple[str | None, ...]) -> Array:
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts
