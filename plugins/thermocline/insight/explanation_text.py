"""Render an explanation for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from thermocline.insight.explanation import DIMENSIONS, Event, Explanation, Way
from thermocline.terminal import columns, counted, plain

_REPEATED = ("invoice", "credit_note", "adjustment", "opportunity")
"""Kinds whose summary says no more than kind, outcome and document do."""


def render(explained: Explanation) -> str:
    """Return who is hot or cold, why, by which events and rules, and what would make a cold account hot."""
    parts = [_heading(explained), _facts(explained), _events(explained)]
    if explained.is_published_day:
        parts.append(_dimensions(explained))
    parts.append(_way_out(explained))
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _heading(explained: Explanation) -> Iterator[str]:
    row = explained.published
    yield plain(row["account_name"] or row["account_code"])
    facts = [("account", row["account_id"]), ("code", row["account_code"])]
    facts += [
        ("also", f"{alias['alias_id']} ({alias['alias_kind']}, by {alias['linked_by']})")
        for alias in explained.aliases
    ]
    facts += [
        (name, row[column])
        for name, column in (
            ("kind", "account_kind"),
            ("parent", "parent_account_id"),
            ("owner", "owner"),
            ("country", "country"),
        )
    ]
    facts.append(("publication", f"{row['publication_id']}, as of {row['as_of_date']}"))
    yield from _listed(facts)


def _facts(explained: Explanation) -> Iterator[str]:
    row, rules = explained.published, explained.rules
    yield f"On {explained.day}{_knowledge(explained)}"
    facts = [
        ("temperature", f"{explained.state.temperature} {_span(explained)}"),
        ("computed", explained.computed or "not published for a past day with an override"),
        ("override", _override(explained)),
    ]
    if explained.is_published_day:
        facts += [
            (name, row[column] or "none")
            for name, column in (
                ("reason", "reason"),
                ("relationship", "relationship"),
                ("cold because", "cold_because"),
                ("data state", "data_state"),
                ("guard", "guard"),
                ("playbook", "playbook"),
            )
        ]
        if row["p_active_90d"] is not None:
            facts.append(("active in 90 days", f"with probability {row['p_active_90d']}"))
    version = rules["scorecard_version"]
    facts.append(
        (
            "scorecard",
            f"version {version} of {rules['effective_from']}: hot at {_short(rules['hot_at'])}, "
            f"cold below {_short(rules['cold_at'])}, half-life {_short(rules['half_life_days'])} days",
        )
    )
    if version != explained.degrees_version:
        facts.append(
            (
                "",
                f"degrees and heat below are those of version {explained.degrees_version}, in force on "
                f"{row['as_of_date']}; version {version} gives others",
            )
        )
    yield from _listed(facts)


def _knowledge(explained: Explanation) -> str:
    if explained.is_published_day:
        return ""
    is_past = explained.day < explained.published["as_of_date"]
    return ", as known now" if is_past else ", if nothing more happens"


def _span(explained: Explanation) -> str:
    state, row = explained.state, explained.published
    since = f"since {state.since}"
    if state.until is None:
        kept_hot = state.temperature == "hot" and row["data_state"] == "stale"
        return (
            f"{since}, kept hot until its late data arrive"
            if kept_hot
            else f"{since}, until something happens"
        )
    ahead = state.until > row["as_of_date"]
    return f"{since}, until {state.until}{' if nothing more happens' if ahead else ''}"


def _override(explained: Explanation) -> str:
    override = explained.override
    if override is None:
        return "none"
    return (
        f"{override['temperature']} from {override['valid_from']} until {override['valid_until']} "
        f"inclusive, approved by {override['approver']}: {override['reason']}"
    )


def _events(explained: Explanation) -> Iterator[str]:
    left_out = _left_out(explained.without_degrees)
    if not explained.events:
        yield f"No event with degrees up to {explained.day}: its heat is {_exact(explained.heat)}"
        yield from left_out
        return
    yield f"Events with degrees, newest first: what each added on its day, what is left on {explained.day}"
    rows = [["day", "event", "document", "amount", "degrees then", "heat", "file and record", "subject"]]
    rows += [_event(event, explained.pruned) for event in explained.events]
    if explained.rounding:
        name = "rounding" if explained.is_explained else "unexplained"
        rows.append(["", name, "", "", "", _exact(explained.rounding), "", ""])
    rows.append(["", "sum = heat", "", "", "", _exact(explained.heat), "", ""])
    yield from (f"  {line}" for line in columns(rows, right=frozenset({3, 4, 5})))
    if explained.rounding and explained.is_explained:
        yield "  rounding: each event, and each dimension of the heat, is rounded to nine decimals"
    elif explained.rounding:
        yield "  unexplained: these events don't make this heat; run thermocline verify"
    yield from left_out


def _event(event: Event, pruned: Mapping[str, date]) -> list[str]:
    pruned_on = pruned.get(event.source_file or "")
    words = [event.kind.replace("_", " "), event.direction, event.outcome]
    return [
        event.occurred_on.isoformat(),
        plain(" ".join(word for word in words if word), 40),
        plain(event.document_id or "", 40),
        "" if event.amount is None else f"{event.amount:,.2f}",
        _exact(event.degrees),
        _exact(event.heat),
        f"{plain(event.source_file or '')}, record {event.source_row}"
        + (f" (copy pruned on {pruned_on})" if pruned_on else ""),
        "" if event.kind in _REPEATED else plain(event.summary or "", 60),
    ]


def _left_out(without_degrees: dict[str, int]) -> Iterator[str]:
    if without_degrees:
        kinds = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in without_degrees.items())
        yield f"  left out, without degrees: {sum(without_degrees.values()):,} ({kinds})"


def _dimensions(explained: Explanation) -> Iterator[str]:
    yield "Heat by dimension"
    rows = [[name, _exact(explained.published[f"heat_{name}"])] for name in DIMENSIONS]
    total = sum((explained.published[f"heat_{name}"] for name in DIMENSIONS), Decimal(0))
    rows.append(["sum = heat", _exact(total)])
    yield from (f"  {line}" for line in columns(rows, right=frozenset({1})))


def _way_out(explained: Explanation) -> Iterator[str]:
    state = explained.state
    if state.temperature == "hot" or explained.day < explained.published["as_of_date"]:
        return
    if explained.override:
        yield f"It stays cold until {explained.override['valid_until']}, whatever happens, by the override"
        if not explained.ways:
            yield "  without the override it would be hot"
            return
    hot_at = _short(explained.rules["hot_at"])
    law = "what would make it hot without the override" if explained.override else "What would make it hot"
    yield f"{law} on {explained.day}, reaching {hot_at}: any of"
    yield from (f"  {_way(way, explained)}" for way in explained.ways)


def _way(way: Way, explained: Explanation) -> str:
    typical = explained.rules["typical_invoice"]
    currency = explained.published["reporting_currency"]
    size = f"{typical:,.2f} {currency} and " if way.what == "typical invoice" else ""
    worth = f"{_short(way.degrees_each)} {'degree' if way.degrees_each == 1 else 'degrees'} each"
    first, _, rest = way.what.partition(" ")
    plural = way.what + "s" if first == "typical" or not rest else f"{first}s {rest}"
    return f"{counted(way.count, way.what, plural)} ({size}{worth})"


def _listed(facts: Sequence[tuple[str, object]]) -> list[str]:
    rows = [[name, plain(value)] for name, value in facts if value is not None]
    return [f"  {line}" for line in columns(rows)]


def _exact(degrees: Decimal) -> str:
    return f"{degrees:.9f}"


def _short(number: Decimal) -> str:
    """Return a decimal without trailing zeros."""
    return f"{number.normalize():f}"
