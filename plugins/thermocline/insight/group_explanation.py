"""Explain a group on the published day: its accounts, whose heats add up to the group's."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.account_lookup import find
from thermocline.insight.explanation import DIMENSIONS, Row, rows_of
from thermocline.publishing import publication
from thermocline.terminal import columns, counted, plain

_GROUP = """
with recursive ancestry as (
    select account_id, parent_account_id, 0 as steps
    from reporting.account_segments
    where account_id = $account
    union all
    select parents.account_id, parents.parent_account_id, steps + 1
    from ancestry
    inner join reporting.account_segments as parents on ancestry.parent_account_id = parents.account_id
)

select group_segments.*
from reporting.group_segments
where group_id = (select arg_max(account_id, steps) from ancestry)
"""

_MEMBERS = """
with recursive members as (
    select * from reporting.account_segments
    where account_id = $account
    union all
    select children.*
    from members
    inner join reporting.account_segments as children on members.account_id = children.parent_account_id
)

select * from members
order by heat desc, account_id
"""


@dataclass(frozen=True)
class GroupExplanation:
    """Why a group is hot or cold: its row of group_segments and its members' rows, the hottest first."""

    group: Row
    members: tuple[Row, ...]

    @property
    def rounding(self) -> Decimal:
        """What the accounts' heats lack to the group's: each rounds its five dimensions by itself."""
        heats: list[Decimal] = [member["heat"] for member in self.members]
        return Decimal(self.group["heat"]) - sum(heats, Decimal(0))

    @property
    def is_explained(self) -> bool:
        """Whether rounding to nine decimals alone accounts for `rounding`."""
        return abs(self.rounding) <= len(DIMENSIONS) * (len(self.members) + 1) * Decimal("5e-10")


def explain_group(home: Home, account: str) -> GroupExplanation:
    """Explain the group that the account named belongs to, in the current publication.

    Raise InputError (nothing published, no or several such accounts, an account in no group of two or
    more), ContentChanged (the publication can't be read).
    """
    current = publication.current(home)
    if current is None:
        raise InputError(f"nothing is published in {home.root} yet: run thermocline run first")
    with publication.reading(home, published=current.publication_id) as connection:
        connection.execute("use published.reporting")
        found = find(connection, account)
        groups = rows_of(connection, _GROUP, {"account": found})
        if not groups:
            raise InputError(
                f"{plain(found, 80)} has neither parent nor branches, so there is no group to explain: "
                "leave --group out"
            )
        members = rows_of(connection, _MEMBERS, {"account": groups[0]["group_id"]})
    return GroupExplanation(groups[0], tuple(members))


def render(explained: GroupExplanation) -> str:
    """Return who is hot or cold, since when, until when, and by which accounts."""
    return "\n".join(_lines(explained))


def _lines(explained: GroupExplanation) -> Iterator[str]:
    group = explained.group
    until = (
        f"cools on {group['cools_on']} if nothing more happens" if group["cools_on"] else "no change in sight"
    )
    yield f"{plain(group['group_name'])}: a group of {counted(len(explained.members), 'account')}"
    yield f"  group        {plain(group['group_id'])}"
    yield f"  publication  {plain(group['publication_id'])}, as of {group['as_of_date']}"
    yield f"  temperature  {group['temperature']} since {group['hot_or_cold_since']}, {until}"
    yield f"  scorecard    version {group['scorecard_version']}"
    yield ""
    yield "Its accounts, the hottest first: their events together make the group's heat"
    rows = [["account", "name", "temperature", *DIMENSIONS, "heat"]]
    for member in explained.members:
        rows.append(
            [plain(member["account_id"], 60), plain(member["account_name"] or "", 40), member["temperature"]]
            + [f"{member[f'heat_{dimension}']:.9f}" for dimension in DIMENSIONS]
            + [f"{member['heat']:.9f}"]
        )
    blank = [""] * len(DIMENSIONS)
    if explained.rounding:
        name = "rounding" if explained.is_explained else "unexplained"
        rows.append(["", name, "", *blank, f"{explained.rounding:.9f}"])
    rows.append(["", "sum = heat", group["temperature"], *blank, f"{group['heat']:.9f}"])
    yield from (f"  {line}" for line in columns(rows, right=frozenset(range(3, 4 + len(DIMENSIONS)))))
    if explained.rounding and not explained.is_explained:
        yield "  unexplained: these accounts don't make this heat; run thermocline verify"
