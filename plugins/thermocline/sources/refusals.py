"""Why a record is refused: what each canonical column asks of its value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thermocline.sources.canonical import BOOLEAN, DATE, EARLIEST, INTEGER, LATEST, TIMESTAMP
from thermocline.sources.casting import literal, literals
from thermocline.sources.mapping import Rule
from thermocline.sources.written_values import lacks_order

if TYPE_CHECKING:
    from thermocline.sources.conversion import Conversion

NUMBER = r"[+-]?\d[\d.]*([eE][+-]?\d+)?"

BLANK = "is blank"
UNCOMPUTED = "can't be worked out"
UNKNOWN_VALUE = "is not a known value"
TOO_MANY_DIGITS = "has too many digits"
OUT_OF_RANGE = "is out of range"
WRONG_TYPE = {
    DATE: "is not a date",
    TIMESTAMP: "is not a date",
    INTEGER: "is not a whole number",
    BOOLEAN: "is not true or false",
}
NOT_A_NUMBER = "is not a number"
NO_CURRENCY = "has no currency to tell its minor units by"
NO_DATE_ORDER = (
    "may be day or month first: declare `dates: day_first` or `dates: month_first` "
    "for the source in config/sources.yml"
)


@dataclass(frozen=True)
class Check:
    """A reason to refuse a record: where it holds, the column, and the value to show.

    Without a column it is a reason not to take the record, which is no fault of it.
    """

    condition: str
    column: str
    reason: str
    value: str

    @property
    def is_filter(self) -> bool:
        return not self.column


def checks_of(conversion: "Conversion", rule: Rule) -> list[Check]:
    """What a rule's column refuses a record for, in this order."""
    column = rule.column
    given, text = f"t_{column.name}", conversion.text(rule)
    checks = []
    if rule.filled and rule.constant is None:
        inputs = [conversion.cell(aliases) for aliases in rule.inputs]
        if rule.expression is not None:
            some = f"{given} is null and coalesce({', '.join(inputs)}) is not null"
            shown = f"concat_ws(', ', {', '.join(inputs)})"
            checks.append(Check(some, column.name, UNCOMPUTED, shown))
        checks.append(Check(f"{given} is null", column.name, BLANK, "null"))
    known = [vendor for vendor, _ in rule.values] or list(column.accepted)
    if rule.is_minor:
        checks.append(
            Check(
                f"{given} is not null and {conversion.currency_text} is null", column.name, NO_CURRENCY, text
            )
        )
    if known and not rule.otherwise:
        unknown = f"{column.name} is null and lower({text}) not in ({literals(known)})"
        checks.append(Check(unknown, column.name, UNKNOWN_VALUE, text))
    unread = f"{column.name} is null and {conversion.translated(rule)} is not null"
    if column.type in (DATE, TIMESTAMP):
        checks.append(
            Check(lacks_order(text, column.name, conversion.dates), column.name, NO_DATE_ORDER, text)
        )
    if column.is_decimal:
        many = f"{unread} and regexp_full_match({text}, {literal(NUMBER)})"
        checks.append(Check(many, column.name, TOO_MANY_DIGITS, text))
        checks.append(Check(unread, column.name, NOT_A_NUMBER, text))
    elif column.type in WRONG_TYPE:
        checks.append(Check(unread, column.name, WRONG_TYPE[column.type], text))
    if column.type in (DATE, TIMESTAMP):
        outside = (
            f"{column.name} < timestamp '{EARLIEST}' "
            f"or {column.name} >= timestamp '{LATEST}' + interval 1 day"
        )
        checks.append(Check(outside, column.name, OUT_OF_RANGE, text))
    return checks
