"""Render a difference of two publications for a terminal."""

from collections.abc import Iterator
from decimal import Decimal

from thermocline.insight.difference import Changed, Difference, Record, Version
from thermocline.terminal import counted, plain


def render(found: Difference) -> str:
    """Return a paragraph per account that differs, with the records behind it, then the counts."""
    return "\n".join(_lines(found))


def _lines(found: Difference) -> Iterator[str]:
    yield (f"{found.day} as {found.earlier.publication_id} and {found.later.publication_id} publish it")
    yield from found.notes
    for account in found.accounts:
        yield ""
        yield from _account(account, found)
    yield ""
    kinds = ", ".join(
        f"{number:,} {_words(before, after)}"
        for (before, after), number in sorted(found.counts.items(), key=lambda item: tuple(map(str, item[0])))
    )
    yield f"{counted(len(found.accounts), 'account')} of {found.later.accounts:,} " + (
        f"differ{'s' if len(found.accounts) == 1 else ''}: {kinds}" if kinds else "differ"
    )


def _account(account: Changed, found: Difference) -> Iterator[str]:
    name = f" ({plain(account.account_name)})" if account.account_name else ""
    yield f"{plain(account.account_id)}{name}: {_words(account.earlier, account.later)}"
    yield from (f"  {plain(cause, 300)}" for cause in account.causes)
    yield from (f"  {line}" for record in account.records for line in _record(record))
    if not account.records and not account.causes and not found.notes:
        yield "  no record with degrees up to that day differs"


def _words(before: str | None, after: str | None) -> str:
    if before is None:
        return f"{after}, no account before"
    return f"{before}, no account now" if after is None else f"from {before} to {after}"


def _record(record: Record) -> Iterator[str]:
    what = f"{record.kind.replace('_', ' ')} {plain(record.document_id or '', 60)}".strip()
    if record.earlier and record.later:
        yield f"{what} changed"
        yield f"  was: {_version(record.earlier)}"
        yield f"  is:  {_version(record.later)}"
    elif record.later:
        before = f"moved from {plain(record.came_from)}" if record.came_from else "is new"
        yield f"{what} {before}: {_version(record.later)}"
    elif record.earlier:
        now = f"moved to {plain(record.went_to)}" if record.went_to else "was removed"
        yield f"{what} {now}: {_version(record.earlier)}"


def _version(version: Version) -> str:
    facts = [
        version.occurred_on.isoformat(),
        version.outcome and plain(version.outcome, 40),
        version.amount is not None and f"amount {version.amount:,.2f}",
        _degrees(version.degrees),
        f"{plain(version.source_file or '')}, record {version.source_row}",
    ]
    return ", ".join(fact for fact in facts if fact)


def _degrees(degrees: Decimal | None) -> str:
    return "no degrees" if degrees is None else f"{degrees:.9f} degrees"
