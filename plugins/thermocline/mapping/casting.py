"""Texts to types in SQL: the common form by the quick way, anything else by the sure one."""

import re
from collections.abc import Sequence

from thermocline.sql import literal

SPACE = " \t\r\n\u00a0\ufeff"
TRUE, FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
WHOLE_WITH_POINT = r"-?(0|[1-9]\d*)\.0"
SHORTENED = r"[+-]?\d([.,]\d+[eE][+-]|[eE]\+)\d+"


def literals(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts)


def trimmed(cell: str) -> str:
    """A cell without the space around it, a blank one as null.

    Few cells begin or end with anything but a visible ASCII character; trimming all of them would
    take longer than reading them.
    """
    sure = (
        f"case when trim({cell}) < '!' or trim({cell})[-1] < '!' "
        f"then nullif(trim({cell}, {literal(SPACE)}), '') else trim({cell}) end"
    )
    # The last character first: in this order it takes two thirds of the time.
    is_tight = f"{cell}[-1] between '!' and '~' and {cell} >= '!' and {cell} <= '~'"
    return f"case when {is_tight} then {cell} else {sure} end"


def is_among(text: str, accepted: str) -> str:
    """The accepted spelling of a text that is one, in whatever case."""
    lower = f"lower({text})"
    return f"case when {text} in ({accepted}) then {text} when {lower} in ({accepted}) then {lower} end"


def number(text: str, kind: str) -> str:
    """A decimal, never by way of a float; DuckDB would read `1_000` as well."""
    return f"try_cast(case when not contains({text}, '_') then {text} end as {kind})"


def truth(text: str) -> str:
    """A truth value in any of the usual spellings, in whatever case; null for anything else."""
    cases = " ".join(
        f"when lower({text}) in ({literals(words)}) then {value}"
        for words, value in ((FALSE, "false"), (TRUE, "true"))
    )
    return f"case {cases} end"


def key(text: str) -> str:
    """A key; one that was written as a number with a point, `17850.0`, is that of `17850`."""
    is_whole = f"{text}[-2:] = '.0' and regexp_full_match({text}, {literal(WHOLE_WITH_POINT)})"
    return f"case when {is_whole} then left({text}, -2) else {text} end"


def key_text(text: str) -> str:
    """The same of a text that isn't in SQL."""
    return text.removesuffix(".0") if re.fullmatch(WHOLE_WITH_POINT, text, re.ASCII) else text


def is_shortened(text: str) -> str:
    """Whether a key is what a spreadsheet makes of a long number, such as `2.026E+11`."""
    has_exponent = f"(contains({text}, 'E') or contains({text}, 'e'))"
    return f"{has_exponent} and regexp_full_match({text}, {literal(SHORTENED)})"


def computed_number(value: str, kind: str, by_text: str) -> str:
    """A decimal from what an expression gives: a decimal is one already, a text is read `by_text`."""
    is_decimal, is_text = f"typeof({value}) like 'DECIMAL%'", f"typeof({value}) = 'VARCHAR'"
    plain = number(f"cast({value} as varchar)", kind)
    return (
        f"case when {is_decimal} then try_cast({value} as {kind}) "
        f"when {is_text} then {by_text} else {plain} end"
    )


def _instant(text: str) -> str:
    # Else `infinity`, `epoch` and the like would be dates.
    digits = f"case when {text} >= '0' and {text} < ':' then {text} end"
    return f"try_cast({digits} as timestamptz)"


def timestamp(text: str, zone: str | None) -> str:
    """In UTC; a text without a zone is taken in the session's, which is `zone` if that is known."""
    sure = f"timezone('UTC', {_instant(text)})"
    if zone != "UTC":
        return sure
    # A day, or YYYY-MM-DD hh:mm:ss, which leaves no room for a zone.
    is_plain = f"(length({text}) = 10 or (length({text}) = 19 and {text}[17] = ':'))"
    is_plain = f"{text} >= '0' and {text} < ':' and {is_plain}"
    return f"case when {is_plain} then try_cast({text} as timestamp) else {sure} end"


def day(text: str, reporting_zone: str) -> str:
    """The day in the reporting zone; a text without a time is that day."""
    digits = f"case when {text} >= '0' and {text} < ':' then {text} end"
    moved = f"cast(timezone({literal(reporting_zone)}, {_instant(text)}) as date)"
    return f"case when length({text}) > 10 then {moved} else try_cast({digits} as date) end"


def midnight(text: str, zone: str) -> str:
    """In UTC, the moment at which a day without a time begins in a zone."""
    digits = f"case when {text} >= '0' and {text} < ':' then {text} end"
    return f"timezone('UTC', timezone({literal(zone)}, cast(try_cast({digits} as date) as timestamp)))"
