"""Parties of the example: with a CRM account, a billing customer, or both."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from thermocline.example.deliveries import NEVER, Array, Calendar, stream
from thermocline.example.names import COUNTRIES

KINDS = ("Legal Entity", "Entrepreneur", "Private Client")
CURRENCIES = ("EUR", "USD", "GBP")
YEARS_BEFORE = 3


class Fate(IntEnum):
    """What is special about a party."""

    ORDINARY = 0
    MERGED = 1
    DELETED = 2
    TEST = 3
    AMBIGUOUS = 4


class Link(IntEnum):
    """How the billing customer and the CRM account can be known as one."""

    NONE = 0
    BY_CUSTOMER = 1
    BY_ACCOUNT = 2
    BY_BOTH = 3
    BY_EMAIL = 4
    UNKNOWABLE = 5


LINKED = (Link.BY_CUSTOMER, Link.BY_ACCOUNT, Link.BY_BOTH, Link.BY_EMAIL)


@dataclass
class Company:
    """One array element per party; days count from the window's first, some lie before it.

    `crm_created` and `billing_created` are the days on which the two systems learned of the party,
    `crm_changed` and `billing_changed` those of its one later change (NEVER: none). `parent` and
    `survivor` are parties (-1: none), `crm_number` and `customer_number` the records' numbers.
    """

    kind: Array
    country: Array
    currency: Array
    owner: Array
    fate: Array
    link: Array
    has_crm: Array
    has_billing: Array
    crm_created: Array
    crm_changed: Array
    billing_created: Array
    billing_changed: Array
    never_contact: Array
    stops_contact: Array
    parent: Array
    survivor: Array
    crm_number: Array
    customer_number: Array
    owners: int

    @property
    def size(self) -> int:
        return len(self.kind)

    @property
    def is_screened(self) -> Array:
        """Return the CRM accounts that count: neither deleted nor merged away, nor a test."""
        counts = (self.fate == Fate.ORDINARY) | (self.fate == Fate.AMBIGUOUS)
        return self.has_crm & counts

    @property
    def buys(self) -> Array:
        return self.has_billing & (self.fate != Fate.TEST)

    @property
    def until(self) -> Array:
        """The day from which nothing happens to the CRM account any more."""
        gone = (self.fate == Fate.MERGED) | (self.fate == Fate.DELETED)
        return np.where(gone, self.crm_changed, 10**6)


def shares(rng: np.random.Generator, size: int, parts: dict[int, float], rest: int) -> Array:
    """Return codes in random places, each on its share of `size` rounded up; the rest gets `rest`."""
    codes = np.full(size, rest)
    places = rng.permutation(size)
    at = 0
    for code, share in parts.items():
        count = int(np.ceil(share * size))
        codes[places[at : at + count]] = code
        at += count
    return codes


def found(accounts: int, calendar: Calendar, seed: int) -> Company:
    """Create `accounts` ordinary parties, then a few merged, deleted, test and ambiguous ones."""
    rng = stream(seed, "company")
    extra = {
        Fate.MERGED: max(1, accounts // 150),
        Fate.DELETED: max(1, accounts // 200),
        Fate.TEST: max(1, accounts // 500),
        Fate.AMBIGUOUS: 3 * max(1, accounts // 400),
    }
    fate = np.concatenate([np.zeros(accounts, dtype=np.int64)] + [np.full(n, f) for f, n in extra.items()])
    size = len(fate)
    ordinary = fate == Fate.ORDINARY
    third = np.arange(size) - np.searchsorted(fate, Fate.AMBIGUOUS)
    ambiguous_customer = (fate == Fate.AMBIGUOUS) & (third % 3 == 2)

    links = shares(
        rng,
        accounts,
        {
            -1: 0.03,
            Link.NONE: 0.12,
            Link.BY_EMAIL: 0.11,
            Link.UNKNOWABLE: 0.02,
            Link.BY_ACCOUNT: 0.18,
            Link.BY_BOTH: 0.07,
        },
        rest=Link.BY_CUSTOMER,
    )
    link = np.zeros(size, dtype=np.int64)
    link[:accounts] = np.maximum(links, 0)
    link[fate == Fate.TEST] = Link.BY_CUSTOMER
    has_crm = ~ambiguous_customer
    has_crm[:accounts] = links != -1
    has_billing = (link != Link.NONE) | ambiguous_customer
    has_billing[:accounts] = links != Link.NONE

    country = rng.choice(len(COUNTRIES), size, p=_normal([c.share for c in COUNTRIES]))
    kind = shares(rng, size, {1: 0.25, 2: 0.15}, rest=0)
    currency = np.array([CURRENCIES.index(c.currency) for c in COUNTRIES])[country]

    before = rng.random(size) < 0.62
    begins = np.where(
        before | ~ordinary,
        rng.integers(-365 * YEARS_BEFORE, 0, size),
        rng.integers(0, calendar.days - 2, size),
    )
    parent = _families(rng, ordinary & has_crm & (kind == 0), begins)
    lead = rng.integers(0, 60, size) * (has_crm & has_billing)
    crm_created = begins - lead

    gone = (fate == Fate.MERGED) | (fate == Fate.DELETED)
    changes = (rng.random(size) < 0.12) & ordinary
    change_day = np.maximum(crm_created, 0) + 1
    span = np.maximum(calendar.days - 1 - change_day, 0)
    change_day = np.minimum(change_day + (span * rng.random(size)).astype(np.int64), calendar.days - 1)
    crm_changed = np.where((changes | gone) & has_crm, change_day, NEVER)
    linked_later = (link == Link.BY_ACCOUNT) | (link == Link.BY_BOTH)
    crm_changed = np.where(linked_later, begins, crm_changed)
    billing_changes = (rng.random(size) < 0.05) & has_billing & ordinary
    billing_day = np.maximum(begins, 0) + 1
    billing_day = np.minimum(
        billing_day + ((calendar.days - 1 - billing_day) * rng.random(size)).astype(np.int64),
        calendar.days - 1,
    )
    never_contact = (rng.random(size) < 0.015) & ordinary
    stops_contact = (rng.random(size) < 0.15) & changes & ~linked_later

    survivor = np.full(size, -1)
    targets = np.flatnonzero(ordinary & has_crm & (link != Link.BY_EMAIL))
    known = targets[crm_created[targets] < 0]
    targets = known if len(known) else targets
    survivor[fate == Fate.MERGED] = rng.choice(targets, int((fate == Fate.MERGED).sum()))
    owners = 5 + accounts // 150
    return Company(
        kind=kind,
        country=country,
        currency=currency,
        owner=rng.integers(0, owners, size),
        fate=fate,
        link=link,
        has_crm=has_crm,
        has_billing=has_billing,
        crm_created=crm_created,
        crm_changed=crm_changed,
        billing_created=begins,
        billing_changed=np.where(billing_changes, billing_day, NEVER),
        never_contact=never_contact,
        stops_contact=stops_contact,
        parent=parent,
        survivor=survivor,
        crm_number=_numbers(crm_created, has_crm),
        customer_number=_numbers(begins, has_billing),
        owners=owners,
    )


def _normal(weights: list[float]) -> Array:
    return np.array(weights) / sum(weights)


def _numbers(day: Array, chosen: Array) -> Array:
    """Return consecutive numbers from 1 in the order of the days (0: not chosen)."""
    numbers = np.zeros(len(day), dtype=np.int64)
    picked = np.flatnonzero(chosen)
    numbers[picked[np.argsort(day[picked], kind="stable")]] = np.arange(1, len(picked) + 1)
    return numbers


def _families(rng: np.random.Generator, eligible: Array, begins: Array) -> Array:
    """Return parents with branches, at most three levels; a branch never begins before its parent."""
    parent = np.full(len(eligible), -1)
    pool = rng.permutation(np.flatnonzero(eligible))
    heads = pool[: int(np.ceil(0.05 * len(pool)))]
    middle = pool[len(heads) :][: int(np.ceil(0.14 * len(pool)))]
    leaves = pool[len(heads) + len(middle) :][: int(np.ceil(0.04 * len(pool)))]
    for children, above in ((middle, heads), (leaves, middle)):
        if len(above):
            parent[children] = rng.choice(above, len(children))
            begins[children] = np.maximum(begins[children], begins[parent[children]])
    return parent
