"""How exports write dates and amounts, as SQL over their texts."""

from thermocline.mapping.canonical import EARLIEST
from thermocline.mapping.casting import literals
from thermocline.mapping.model import DAY_FIRST, MONTH_FIRST, UNIX
from thermocline.sql import literal

NUMERIC_DATE = r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"
UNORDERED_DATE = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b.*"
ISO_ORDER = {DAY_FIRST: r"\3-\2-\1", MONTH_FIRST: r"\3-\1-\2"}
CLOCK_OF_TWELVE = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p")
# Also as older APIs write it: /Date(1518685950940+0000)/.
EPOCH = r"^(?:/Date\()?(\d{9,13})(?:[+-]\d{4})?(?:\)/)?$"
MILLISECOND_DIGITS = 12
DAY_MILLISECONDS = 86_400_000


def nullable(text: str | None) -> str:
    return "null" if text is None else literal(text)


# The first or the last second of a day, with or without a zone.
WHOLE_DAY = (
    r"(\d{4}-\d{1,2}-\d{1,2})[T ](?:0?0:00(?::00(?:\.0+)?)?|23:59:59(?:\.9+)?)"
    r" ?(?:[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?"
)


def calendar_day(written: str) -> str:
    """A date's ISO text where the column holds days: a midnight, of whatever zone, is its day.

    A moment within the day stays one.
    """
    day = f"nullif(regexp_extract({written}, {literal(f'^{WHOLE_DAY}$')}, 1), '')"
    return f"case when length({written}) > 10 then coalesce({day}, {written}) else {written} end"


def iso(text: str, dates: str | None, is_day: bool = False) -> str:
    """A date's text as ISO, where the mapping says how it is written.

    `is_day`: the column holds days, so that seconds since 1970 which make a midnight in UTC are its day.
    """
    if dates == UNIX:
        number = f"nullif(regexp_extract({text}, {literal(EPOCH)}, 1), '')"
        unit = f"case when length({number}) >= {MILLISECOND_DIGITS} then 1000 else 1 end"
        moment = f"to_timestamp(cast({number} as bigint) / {unit})"
        # An API that writes /Date(...)/ gives a day as its midnight in UTC: it is that day everywhere.
        is_midnight = f"cast({number} as bigint) * 1000 // {unit} % {DAY_MILLISECONDS} = 0"
        if not is_day:
            is_midnight = f"starts_with({text}, '/Date(') and {is_midnight}"
        day = f"cast(cast(timezone('UTC', {moment}) as date) as varchar)"
        return f"coalesce(case when {is_midnight} then {day} else cast({moment} as varchar) end, {text})"
    if dates in ISO_ORDER:
        ordered = f"regexp_replace({text}, {literal(NUMERIC_DATE)}, {literal(ISO_ORDER[str(dates)])})"
        twelve = f"cast(try_strptime({ordered}, [{literals(CLOCK_OF_TWELVE)}]) as varchar)"
        return f"coalesce({twelve}, {ordered})"
    return text


def lacks_order(text: str, column: str, dates: str | None) -> str:
    """Whether a date could be day or month first, and nobody said which.

    What DuckDB makes of such a text is null, or a day of the first century.
    """
    if dates in ISO_ORDER:
        return "false"
    doubtful = f"({column} is null or {column} < timestamp '{EARLIEST}')"
    return f"{text} is not null and {doubtful} and regexp_full_match({text}, {literal(UNORDERED_DATE)})"


def minor_unit(currency: str, exponents: tuple[tuple[str, int], ...]) -> str:
    """What one minor unit of a currency is worth; null without a currency."""
    (_, least), *others = exponents
    cases = " ".join(f"when {literal(code)} then {_power(places)}" for code, places in others)
    named = f"case upper({currency}) {cases} else {_power(least)} end" if others else _power(least)
    return f"case when {currency} is not null then {named} end"


def _power(places: int) -> str:
    return f"cast({10**-places:.4f} as decimal(5, 4))"
