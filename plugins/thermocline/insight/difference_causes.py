"""What makes two publications differ besides records: overrides, late data, links, first days, scorecards.

The publications are attached as `earlier` and `later`; the temporary table `differing` has the account_ids.
"""

from collections import defaultdict
from typing import Any

import duckdb

from thermocline.publishing.publication import Publication

SIDES = ("earlier", "later")

_OVERRIDES = """
select account_id, temperature, reason, approver, valid_from, valid_until
from {side}.reporting.overrides
inner join differing using (account_id)
where $day between valid_from and valid_until
"""

_HELD = """
select account_id from {side}.reporting.account_segments
inner join differing using (account_id)
where data_state = 'stale'
"""

_ALIASES = """
select alias_id, account_links.account_id from {side}.reporting.account_links
inner join differing on account_links.alias_id = differing.account_id
where alias_id <> account_links.account_id
"""

_FIRST_DAYS = """
select account_id, min(valid_from) from {side}.reporting.account_temperature_history
inner join differing using (account_id)
group by account_id
"""

_SCORECARD = """
select * from {side}.reporting.scorecards where effective_from <= $day order by effective_from desc limit 1
"""

Row = dict[str, Any]


def causes_by_account(
    connection: duckdb.DuckDBPyConnection,
    publications: tuple[Publication, Publication],
    on: Row,
) -> dict[str, list[str]]:
    """Return the causes besides records, by account: overrides, late data, links, a later first day."""
    causes: dict[str, list[str]] = defaultdict(list)
    overrides, held, aliases, first = (
        [by_account(connection, query, side, given) for side in SIDES]
        for query, given in ((_OVERRIDES, on), (_HELD, {}), (_ALIASES, {}), (_FIRST_DAYS, {}))
    )
    for side, each in enumerate(publications):
        name = each.publication_id
        other = publications[1 - side].publication_id
        for account, override in overrides[side].items():
            if overrides[1 - side].get(account) != override:
                temperature, reason, approver, begin, end = override
                causes[account].append(
                    f"override in {name}: {temperature} from {begin} until {end} inclusive, "
                    f"approved by {approver}: {reason}"
                )
        for account in held[side].keys() - held[1 - side].keys():
            causes[account].append(f"its data are late in {name}, where what was hot is held")
        for account, joined in aliases[side].items():
            if aliases[1 - side].get(account) != joined:
                causes[account].append(f"it is part of {joined} in {name}")
        for account, begin in first[side].items():
            known = first[1 - side].get(account)
            if begin <= on["day"] and (known is None or known > on["day"]):
                causes[account].append(f"known from {begin} in {name}, from {known or 'no day'} in {other}")
    return causes


def by_account(
    connection: duckdb.DuckDBPyConnection, query: str, side: str, given: Row | None = None
) -> dict[str, Any]:
    """Return the query's rows by their first column: the second column, or a tuple of the others."""
    rows = connection.execute(query.format(side=side), given or {}).fetchall()
    return {row[0]: row[1] if len(row) == 2 else row[1:] for row in rows}


def notes(
    connection: duckdb.DuckDBPyConnection,
    earlier: Publication,
    later: Publication,
    on: Row,
) -> list[str]:
    """Return one sentence per difference of the scorecards, which applies to every account."""
    cards = []
    for side in SIDES:
        cursor = connection.execute(_SCORECARD.format(side=side), on)
        names = [column[0] for column in cursor.description]
        [row] = cursor.fetchall()
        cards.append(dict(zip(names, row, strict=True)))
    found = []
    rules = cards[0].keys() & cards[1].keys() - {"author", "note"}
    differ = sorted(name for name in rules if cards[0][name] != cards[1][name])
    if differ:
        versions = " and ".join(str(card["scorecard_version"]) for card in cards)
        found.append(f"scorecard versions {versions} are in force on {on['day']}: {', '.join(differ)} differ")
    if earlier.scorecard_version != later.scorecard_version:
        found.append(
            f"degrees are those of scorecard versions {earlier.scorecard_version} and "
            f"{later.scorecard_version}: a record counts as changed by its day and amount"
        )
    return found
