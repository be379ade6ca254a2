"""What is bought, paid, voided and credited: the documents of the billing system, as numbers."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from thermocline.example.company import CURRENCIES, Company
from thermocline.example.deliveries import NEVER, Array, Calendar, Versions, stream
from thermocline.example.lives import Purchases
from thermocline.example.names import ARTICLES, SOLD_BY_LENGTH

STATUSES = ("Open", "Paid", "Void")
METHODS = ("Transfer", "Direct Debit", "Card", "Cash")
MAX_LINES = 8
RATES_BEFORE = 10


class Oddity(IntEnum):
    """What is wrong with an invoice on purpose; the truth names each."""

    NONE = 0
    NO_CUSTOMER = 1
    UNKNOWN_CUSTOMER = 2
    TEST_CUSTOMER = 3
    TOTAL_DIFFERS = 4
    CORRECTED = 5
    LATE = 6
    AHEAD = 7
    NEWLINE = 8


UNATTRIBUTED = (Oddity.NO_CUSTOMER, Oddity.UNKNOWN_CUSTOMER, Oddity.TEST_CUSTOMER)


@dataclass
class Lines:
    """One row per invoice line, in the order of the invoices; `start` has size + 1 bounds.

    `quantity` is in hundredths, `price` in ten-thousandths, `amount` in hundredths of the currency.
    """

    start: Array
    number: Array
    article: Array
    quantity: Array
    price: Array

    @property
    def amount(self) -> Array:
        return amounts(self.quantity, self.price)


@dataclass
class Invoices:
    """One row per invoice, ordered by moment of issue; totals in hundredths of the currency.

    `buyer` is the party whose life made the invoice, `customer` the number that the document
    shows (0: none). `changed` is the day of the full payment or of voiding (NEVER: none).
    """

    buyer: Array
    customer: Array
    day: Array
    second: Array
    terms: Array
    currency: Array
    total: Array
    oddity: Array
    status: Array
    changed: Array
    year: Array
    number: Array
    versions: Versions

    @property
    def size(self) -> int:
        return len(self.day)


@dataclass
class Payments:
    """One row per payment, ordered by day; `amount` in hundredths of the invoice's currency."""

    invoice: Array
    day: Array
    amount: Array
    method: Array


@dataclass
class Credits:
    """One row per credit note, ordered by day; `invoice` is -1 where it names none."""

    invoice: Array
    party: Array
    day: Array
    second: Array
    total: Array
    year: Array
    number: Array
    versions: Versions


def amounts(quantity: Array, price: Array) -> Array:
    """Return round(quantity * price, 2), half up, all in their own small units."""
    return (quantity.astype(np.int64) * price + 5_000) // 10_000


def fill_baskets(bought: Purchases, company: Company, seed: int) -> Lines:
    """Return 1 to 8 lines per purchase from the buyer's assortment, lognormal around its usual basket."""
    rng = stream(seed, "baskets")
    catalogue = np.clip(rng.lognormal(np.log(9), 1.1, len(ARTICLES)), 0.15, 900)
    shelf = rng.permutation(len(ARTICLES))
    home = rng.integers(0, len(ARTICLES), company.size)
    usual = rng.lognormal(np.log(330), 0.85, company.size)
    variety = rng.beta(3, 4, company.size)
    discount = rng.choice([1.0, 0.97, 0.95, 0.9], company.size, p=[0.6, 0.2, 0.15, 0.05])

    size = len(bought.day)
    count = 1 + rng.binomial(MAX_LINES - 1, variety[bought.party])
    target = usual[bought.party] * rng.lognormal(0, 0.5, size) / count
    start = np.concatenate([[0], np.cumsum(count)])
    invoice = np.repeat(np.arange(size, dtype=np.int32), count)
    number = (np.arange(len(invoice)) - start[invoice] + 1).astype(np.int8)
    spread = (rng.exponential(18, len(invoice))).astype(np.int32)
    article = shelf[(home[bought.party][invoice] + spread) % len(ARTICLES)].astype(np.int16)

    factor = discount[bought.party] * 1.02 ** (bought.day / 365)
    price = np.maximum(catalogue[article] * factor[invoice], 0.05)
    price = np.where(price < 2, np.round(price * 10_000), np.round(price * 100) * 100)
    wanted = target[invoice] * rng.uniform(0.4, 1.6, len(invoice)) * 10_000 / price
    quarters = np.where(SOLD_BY_LENGTH[article], np.ceil(wanted * 4) * 25, 0)
    pieces = np.clip(np.round(wanted), 1, 50_000) * 100
    quantity = np.where(SOLD_BY_LENGTH[article], np.clip(quarters, 25, 5_000_000), pieces)
    return Lines(start, number, article, quantity.astype(np.int32), price.astype(np.int32))


def issue(
    bought: Purchases, lines: Lines, oddity: Array, company: Company, calendar: Calendar, seed: int
) -> tuple[Invoices, Payments]:
    """Return invoices for all purchases, with their payments as far as the window holds them."""
    rng = stream(seed, "invoices")
    size = len(bought.day)
    party, day = bought.party, bought.day
    terms = rng.choice([14, 30, 60], company.size, p=[0.5, 0.38, 0.12])[party]
    prompt = (rng.random(company.size) < 0.42)[party]
    troubled = (rng.random(company.size) < 0.05)[party]

    usual = np.where(
        prompt, rng.integers(0, 3, size), (terms * rng.uniform(0.4, 1.05, size)).astype(np.int64)
    )
    delay = usual + (rng.random(size) < np.where(troubled, 0.6, 0.1)) * (
        terms + rng.exponential(25, size).astype(np.int64)
    )
    paid = np.where(rng.random(size) < np.where(troubled, 0.3, 0.01), NEVER, day + delay)
    void = (rng.random(size) < 0.011) & (oddity == Oddity.NONE)
    changed = np.where(void, day + rng.integers(0, 12, size), paid)
    changed[(changed >= calendar.days) | (oddity == Oddity.AHEAD)] = NEVER
    status = np.where(changed == NEVER, 0, np.where(void, 2, 1))

    amount = lines.amount
    total = np.add.reduceat(amount, lines.start[:-1]) if size else np.zeros(0, dtype=np.int64)
    total = total + np.where(oddity == Oddity.TOTAL_DIFFERS, rng.integers(1, 500, size), 0)
    customer = company.customer_number[party]
    customer[oddity == Oddity.NO_CUSTOMER] = 0
    strangers = oddity == Oddity.UNKNOWN_CUSTOMER
    customer[strangers] = 90_000_001 + np.arange(int(strangers.sum()))
    tests = company.customer_number[(company.fate == 3) & company.has_billing]
    mistaken = oddity == Oddity.TEST_CUSTOMER
    customer[mistaken] = rng.choice(tests, int(mistaken.sum()))

    first = calendar.delivery_of(day)
    first = np.where(oddity == Oddity.LATE, np.minimum(first + 3, calendar.deliveries - 1), first)
    year = calendar.year(day)
    invoices = Invoices(
        buyer=party,
        customer=customer,
        day=day,
        second=bought.second,
        terms=terms,
        currency=company.currency[party],
        total=total,
        oddity=oddity,
        status=status,
        changed=changed,
        year=year,
        number=_numbers(year),
        versions=Versions.delivered(first, calendar, changed),
    )
    return invoices, _pay(rng, invoices, prompt)


def _pay(rng: np.random.Generator, invoices: Invoices, prompt: Array) -> Payments:
    """Return one payment per paid invoice, two for a few of them."""
    paid = np.flatnonzero(invoices.status == 1)
    day = invoices.changed[paid]
    part = np.where(
        (rng.random(len(paid)) < 0.03) & (day > invoices.day[paid]),
        (invoices.total[paid] * rng.uniform(0.3, 0.7, len(paid))).astype(np.int64),
        0,
    )
    earlier = invoices.day[paid] + ((day - invoices.day[paid]) * rng.random(len(paid))).astype(int)
    method = np.where(prompt[paid], rng.choice([1, 2, 3], len(paid), p=[0.6, 0.32, 0.08]), 0)
    split = part > 0
    rows = [
        np.concatenate([paid, paid[split]]),
        np.concatenate([day, earlier[split]]),
        np.concatenate([invoices.total[paid] - part, part[split]]),
        np.concatenate([method, method[split]]),
    ]
    order = np.lexsort((rows[0], rows[1]))
    return Payments(*(row[order] for row in rows))


def credit(invoices: Invoices, calendar: Calendar, seed: int) -> Credits:
    """Return credit notes for about 2 % of the invoices, and a few that name no invoice."""
    rng = stream(seed, "credits")
    sound = np.flatnonzero((invoices.status == 1) & (invoices.oddity == Oddity.NONE))
    chance = rng.random(len(sound))
    chosen = sound[chance < 0.026]
    loose = sound[chance > 0.998]
    invoice = np.concatenate([chosen, loose])
    total = invoices.total[invoice]
    part = np.maximum((total * rng.uniform(0.1, 0.8, len(invoice))).astype(np.int64), 1)
    whole = (rng.random(len(invoice)) < 0.4) & (np.arange(len(invoice)) < len(chosen))
    same_day = rng.random(len(invoice)) < 0.2
    later = rng.integers(1, 45, len(invoice))
    day = invoices.day[invoice] + np.where(same_day, 0, later)
    second = np.where(same_day, invoices.second[invoice] + 900, 43_200 + later * 60)
    order = np.lexsort((invoice, second, day))
    order = order[day[order] < calendar.days]
    named = np.where(np.arange(len(invoice)) < len(chosen), invoice, -1)[order]
    year = calendar.year(day[order])
    return Credits(
        invoice=named,
        party=invoices.buyer[invoice][order],
        day=day[order],
        second=second[order],
        total=np.where(whole, total, part)[order],
        year=year,
        number=_numbers(year),
        versions=Versions.of(calendar, day[order], np.full(len(order), NEVER)),
    )


def exchange_rates(calendar: Calendar, seed: int) -> tuple[Array, Array, Array]:
    """Return (day, currency, millionths of a euro) for each day from ten days before the window on."""
    rng = stream(seed, "rates")
    days = np.arange(-RATES_BEFORE, calendar.days)
    currencies = np.arange(1, len(CURRENCIES))
    steps = rng.normal(0, 0.004, (len(days), len(currencies)))
    walk = np.empty_like(steps)
    level = np.zeros(len(currencies))
    for day, step in enumerate(steps):
        level = 0.995 * level + step
        walk[day] = level
    rates = np.round(np.array([920_000, 1_170_000]) * np.exp(walk)).astype(np.int64)
    return np.repeat(days, len(currencies)), np.tile(currencies, len(days)), rates.ravel()


def _numbers(year: Array) -> Array:
    """Return consecutive numbers from 1 within each year, for years in ascending order."""
    return np.arange(len(year)) - np.searchsorted(year, year) + 1
