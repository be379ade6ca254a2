"""What parties are called and how they are reached, in each of the two systems."""

from dataclasses import dataclass

import numpy as np

from thermocline.example.company import Company, Fate, Link
from thermocline.example.deliveries import Array, stream
from thermocline.example.names import COUNTRIES, ENDINGS, HOSTILE_NAMES, STEMS, TRADES, slug

MAILBOXES = ("postfach.example", "brieftaube.example", "kurier.example")


@dataclass
class Identities:
    """One element per party; None where a system has no such value.

    `email` is unique among the CRM accounts but for ambiguous pairs. `billing_email` equals it,
    but for case and surrounding blanks, where the two are to be linked by it.
    """

    name: Array
    email: Array
    phone: Array
    domain: Array
    billing_name: Array
    billing_email: Array


def identify(company: Company, seed: int) -> Identities:
    """Return names, addresses and telephone numbers for all parties."""
    rng = stream(seed, "identities")
    size = company.size
    draws = rng.integers(0, 2**31, (size, 8)).tolist()
    names: list[str] = []
    boxes: list[str] = []
    domains: list[str] = []
    phones: list[str] = []
    taken: dict[str, int] = {}
    for party, draw in enumerate(draws):
        country = COUNTRIES[int(company.country[party])]
        kind = int(company.kind[party])
        first = country.first_names[draw[0] % len(country.first_names)]
        last = country.last_names[draw[1] % len(country.last_names)]
        trade = TRADES[draw[2] % len(TRADES)]
        if kind == 0:
            stem = STEMS[draw[3] % len(STEMS)] + ENDINGS[draw[4] % len(ENDINGS)]
            form = country.legal_forms[draw[5] % len(country.legal_forms)]
            names.append(f"{stem} {trade} {form}")
            box, domain = "info", _unused(slug(f"{stem} {trade}"), taken) + ".example"
        elif kind == 1:
            names.append(f"{first} {last} {trade}")
            box, domain = slug(first), _unused(slug(f"{last} {trade}"), taken) + ".example"
        else:
            names.append(f"{first} {last}")
            box = _unused(f"{slug(first)}.{slug(last)}", taken)
            domain = MAILBOXES[draw[6] % len(MAILBOXES)]
        boxes.append(box)
        domains.append(domain)
        phones.append(f"{country.dial} {100 + draw[6] % 800} {100_000 + draw[7] % 900_000}")
    _name_branches(company, draws, names, domains, boxes)
    for party, name in zip(hostile(company), HOSTILE_NAMES, strict=False):
        names[party] = name

    email: list[str | None] = [f"{box}@{domain}" for box, domain in zip(boxes, domains, strict=True)]
    billing_email, billing_name = list(email), list(names)
    luck = rng.random((size, 3)).tolist()
    for party, (first_luck, second_luck, third_luck) in enumerate(luck):
        link = company.link[party]
        address = f"{boxes[party]}@{domains[party]}"
        if link == Link.BY_EMAIL:
            billing_email[party] = (
                address if first_luck < 0.6 else address.upper() if first_luck < 0.8 else f" {address} "
            )
        elif link != Link.NONE:
            other = f"billing@{domains[party]}" if company.kind[party] < 2 else None
            keeps = first_luck < 0.7 and link != Link.UNKNOWABLE
            billing_email[party] = address if keeps else other if first_luck < 0.95 else None
            email[party] = None if second_luck < 0.05 else address
        if third_luck < 0.08:
            billing_name[party] = names[party].upper()
    _name_the_odd(company, names, email, billing_name, billing_email)
    return Identities(
        name=_texts(names),
        email=_texts(email),
        phone=_texts(phones),
        domain=_texts(domains),
        billing_name=_texts(billing_name),
        billing_email=_texts(billing_email),
    )


def hostile(company: Company) -> list[int]:
    """Return the parties that bear HOSTILE_NAMES, in their order."""
    sound = (company.link == Link.BY_CUSTOMER) & (company.fate == Fate.ORDINARY)
    in_a_family = (company.parent >= 0) | np.isin(np.arange(company.size), company.parent)
    return np.flatnonzero(sound & ~in_a_family)[: len(HOSTILE_NAMES)].tolist()


def _unused(name: str, taken: dict[str, int]) -> str:
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"


def _name_branches(
    company: Company,
    draws: list[list[int]],
    names: list[str],
    domains: list[str],
    boxes: list[str],
) -> None:
    """Name branches after their topmost parent and their town, parents first."""
    branches = np.flatnonzero(company.parent >= 0)
    direct = company.parent[company.parent[branches]] < 0
    for party in [*branches[direct].tolist(), *branches[~direct].tolist()]:
        parent = int(company.parent[party])
        cities = COUNTRIES[int(company.country[party])].cities
        names[party] = f"{names[parent].split(',')[0]}, {cities[draws[party][3] % len(cities)]}"
        domains[party] = domains[parent]
        boxes[party] = f"branch{company.crm_number[party]}"


def _name_the_odd(
    company: Company,
    names: list[str],
    email: list[str | None],
    billing_name: list[str],
    billing_email: list[str | None],
) -> None:
    for party in np.flatnonzero(company.fate == Fate.MERGED).tolist():
        names[party] = f"{names[int(company.survivor[party])]} (double)"
        email[party] = None
    for count, party in enumerate(np.flatnonzero(company.fate == Fate.TEST).tolist(), start=1):
        names[party] = billing_name[party] = f"TEST Customer {count}"
        email[party] = billing_email[party] = f"check{count}@test.example"
    ambiguous = np.flatnonzero(company.fate == Fate.AMBIGUOUS).tolist()
    for first, second, customer in zip(*[iter(ambiguous)] * 3, strict=True):
        names[second] = f"{names[first]} Online"
        billing_name[customer] = names[first]
        email[second] = email[first]
        billing_email[customer] = email[first]


def _texts(values: list[str | None] | list[str]) -> Array:
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts
