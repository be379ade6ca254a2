"""The CRM's accounts and contacts, as feeds."""

from dataclasses import dataclass

import numpy as np

from thermocline.example.company import KINDS, Company, Fate, Link
from thermocline.example.deliveries import NEVER, Array, Calendar, Versions, stream
from thermocline.example.identities import Identities
from thermocline.example.names import COUNTRIES, ROLES, slug
from thermocline.example.writer import Feed

SYSTEM = "crm"
STAMPS = {"LastModifiedDate": "zulu(modified)", "SystemModstamp": "zulu(modified)"}


@dataclass
class Contacts:
    """One row per contact, ordered by party; `start` has a bound per party, and one more."""

    start: Array
    party: Array
    created: Array
    changed: Array

    def someone(self, party: Array, luck: Array) -> Array:
        """Return the number of one of the party's contacts for each row (0: it has none)."""
        count = self.start[party + 1] - self.start[party]
        chosen = self.start[party] + (count * luck).astype(np.int64)
        return np.where(count > 0, chosen + 1, 0)


def account_feed(
    company: Company, identities: Identities, calendar: Calendar, seed: int
) -> tuple[Feed, Versions, Array]:
    """Return one row per account and state; also its versions, and the party of each record."""
    rng = stream(seed, "accounts")
    party = np.flatnonzero(company.has_crm)
    born = rng.integers(8 * 3600, 16 * 3600, company.size)
    touched = rng.integers(8 * 3600, 16 * 3600, company.size)
    versions = Versions.of(calendar, company.crm_created[party], company.crm_changed[party])
    gone = (company.fate == Fate.MERGED) | (company.fate == Fate.DELETED)
    by_account = (company.link == Link.BY_ACCOUNT) | (company.link == Link.BY_BOTH)
    countries = np.array([country.code for country in COUNTRIES], dtype=object)
    kinds = np.array(KINDS, dtype=object)
    numbers = np.append(company.crm_number, 0)

    def rows(at: slice) -> dict[str, Array]:
        who, changed = party[versions.record[at]], versions.shows_change[at]
        created = calendar.moment(company.crm_created[who], born[who])
        later = np.maximum(calendar.moment(company.crm_changed[who], touched[who]), created)
        handed_over = (company.crm_changed[who] != NEVER) & ~by_account[who] & (who % 3 == 0)
        return {
            "number": company.crm_number[who],
            "deleted": gone[who] & changed,
            "survivor": np.where(changed, numbers[company.survivor[who]], 0),
            "name": identities.name[who],
            "buys": company.has_billing[who],
            "parent": numbers[company.parent[who]],
            "country": countries[company.country[who]],
            "phone": identities.phone[who],
            "owner": (company.owner[who] + (handed_over & ~changed)) % company.owners + 1,
            "created": created,
            "modified": np.where(changed, later, created),
            "email": identities.email[who],
            "kind": kinds[company.kind[who]],
            "quiet": company.never_contact[who] | (company.stops_contact[who] & changed),
            "customer": np.where(by_account[who] & changed, company.customer_number[who], 0),
        }

    columns = {
        "Id": "crm_id('001', number)",
        "IsDeleted": "deleted",
        "MasterRecordId": "case when survivor > 0 then crm_id('001', survivor) end",
        "Name": "name",
        "Type": "if(buys, 'Customer', 'Prospect')",
        "ParentId": "case when parent > 0 then crm_id('001', parent) end",
        "BillingCountry": "country",
        "Phone": "phone",
        "AccountNumber": "format('A-{:06d}', number)",
        "OwnerId": "crm_id('005', owner)",
        "CreatedDate": "zulu(created)",
        **STAMPS,
        "Email__c": "email",
        "Legal_Form__c": "kind",
        "Do_Not_Contact__c": "quiet",
        "Billing_Customer__c": "customer_no(customer)",
    }
    feed = Feed(SYSTEM, "Account.csv", columns, versions.delivery, rows, calendar, documents=len(party))
    return feed, versions, party


def employ(company: Company, calendar: Calendar, seed: int) -> Contacts:
    """Create 0 to 4 contacts for an organisation, at most one for a private client."""
    rng = stream(seed, "contacts")
    most = np.array([4, 2, 1])[company.kind]
    count = rng.binomial(most, np.array([0.5, 0.6, 0.3])[company.kind]) * company.has_crm
    count[company.fate == Fate.MERGED] = 0
    start = np.concatenate([[0], np.cumsum(count)])
    party = np.repeat(np.arange(company.size), count)
    created = np.minimum(
        company.crm_created[party] + rng.integers(0, 90, len(party)),
        np.minimum(calendar.days, company.until[party]) - 1,
    )
    created = np.maximum(created, company.crm_created[party])
    changes = rng.random(len(party)) < 0.05
    changed = np.maximum(created + 1, (rng.random(len(party)) * calendar.days).astype(np.int64))
    return Contacts(start, party, created, np.where(changes, changed, NEVER))


def contact_feed(
    contacts: Contacts, company: Company, identities: Identities, calendar: Calendar, seed: int
) -> Feed:
    """Return one row per contact and state: some get another role, few of them leave (deleted)."""
    rng = stream(seed, "contact details")
    size = len(contacts.party)
    draws = rng.integers(0, 2**31, (size, 3)).tolist()
    names, emails, phones = (np.empty(size, dtype=object) for _ in range(3))
    for row, (party, draw) in enumerate(zip(contacts.party.tolist(), draws, strict=True)):
        country = COUNTRIES[int(company.country[party])]
        first = country.first_names[draw[0] % len(country.first_names)]
        last = country.last_names[draw[1] % len(country.last_names)]
        names[row] = f"{first} {last}"
        phones[row] = f"{identities.phone[party]}-{10 + draw[2] % 90}" if draw[2] % 4 else None
        emails[row] = (
            f"{slug(first)}.{slug(last)}.{row + 1}@{identities.domain[party]}" if draw[2] % 8 else None
        )
    role = rng.integers(0, len(ROLES), size)
    leaves = rng.random(size) < 0.3
    roles = np.array(ROLES, dtype=object)
    second = rng.integers(8 * 3600, 16 * 3600, size)
    versions = Versions.of(calendar, contacts.created, contacts.changed)

    def rows(at: slice) -> dict[str, Array]:
        who, changed = versions.record[at], versions.shows_change[at]
        created = calendar.moment(contacts.created[who], second[who])
        return {
            "number": who + 1,
            "account": company.crm_number[contacts.party[who]],
            "deleted": leaves[who] & changed,
            "name": names[who],
            "title": roles[(role[who] + changed) % len(ROLES)],
            "email": emails[who],
            "phone": phones[who],
            "created": created,
            "modified": np.where(changed, calendar.moment(contacts.changed[who], second[who]), created),
        }

    columns = {
        "Id": "crm_id('003', number)",
        "IsDeleted": "deleted",
        "AccountId": "crm_id('001', account)",
        "Name": "name",
        "Title": "title",
        "Email": "email",
        "Phone": "phone",
        "CreatedDate": "zulu(created)",
        **STAMPS,
    }
    return Feed(SYSTEM, "Contact.csv", columns, versions.delivery, rows, calendar, documents=size)
