"""Why a record is refused: what each canonical column asks of its value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thermocline.loading.written_numbers import is_number, is_of_currency, may_name_a_currency, named_currency
from thermocline.loading.written_values import lacks_order
from thermocline.mapping.canonical import BOOLEAN, DATE, EARLIEST, INTEGER, LATEST, TIMESTAMP
from thermocline.mapping.casting import is_shortened, literals, truth
from thermocline.mapping.expressions import NUMBER, TRUTH, calls
from thermocline.mapping.model import Rule

if TYPE_CHECKING:
    from thermocline.loading.conversion import Conversion

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
NOT_TRUE_OR_FALSE = WRONG_TYPE[BOOLEAN]
SHORTENED_KEY = "is a number that a spreadsheet has shortened: export it again, and don't save it there"
OTHER_CURRENCY = "names another currency than the record"
NO_CURRENCY_BESIDE = (
    "names a currency, and the record has none: declare `currency` for the source in config/sources.yml"
)
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
    checks = [] if rule.expression is None else checks_of_calls(conversion, rule.expression, rule)
    if rule.not_blank and rule.constant is None:
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
        if rule.is_truth:
            unknown = f"{text} is not null and {truth(text)} is null"
        checks.append(Check(unknown, column.name, UNKNOWN_VALUE, text))
    unread = f"{column.name} is null and {conversion.translated(rule)} is not null"
    if column.type in (DATE, TIMESTAMP):
        checks.append(
            Check(lacks_order(text, column.name, conversion.dates), column.name, NO_DATE_ORDER, text)
        )
    if column.is_key and rule.constant is None:
        checks.append(Check(is_shortened(text), column.name, SHORTENED_KEY, text))
    if column.is_decimal:
        numbers = conversion.numbers(rule)
        many = f"{unread} and {is_number(text, numbers)}"
        checks.append(Check(many, column.name, TOO_MANY_DIGITS, text))
        checks.append(Check(unread, column.name, NOT_A_NUMBER, text))
        if numbers and not rule.values:
            checks += _checks_of_currency(conversion, column.name, text)
    elif column.type in WRONG_TYPE:
        checks.append(Check(unread, column.name, WRONG_TYPE[column.type], text))
    if column.type in (DATE, TIMESTAMP):
        outside = (
            f"{column.name} < timestamp '{EARLIEST}' "
            f"or {column.name} >= timestamp '{LATEST}' + interval 1 day"
        )
        checks.append(Check(outside, column.name, OUT_OF_RANGE, text))
    return checks


def checks_of_calls(conversion: "Conversion", expression: str, rule: Rule | None = None) -> list[Check]:
    """What the cells that an expression reads as numbers and truth values refuse a record for.

    A cell that the feed has a column of its own for is checked there.
    """
    checks = []
    numbers = conversion.numbers(rule)
    for call in calls(expression):
        cell, name = conversion.first_of(call.columns), conversion.name_of(call.columns)
        unread = f"{cell} is not null and {conversion.reading(call, numbers)} is null"
        if call.reader == TRUTH:
            checks.append(Check(unread, name, NOT_TRUE_OR_FALSE, cell))
        elif call.reader == NUMBER and not conversion.has_number(cell, numbers):
            checks.append(Check(f"{unread} and {is_number(cell, numbers)}", name, TOO_MANY_DIGITS, cell))
            checks.append(Check(unread, name, NOT_A_NUMBER, cell))
            if numbers:
                checks += _checks_of_currency(conversion, name, cell)
    return checks


def _checks_of_currency(conversion: "Conversion", column: str, text: str) -> list[Check]:
    """What an amount that names a currency refuses its record for."""
    named, currency = named_currency(text), conversion.currency_text
    is_named = f"{may_name_a_currency(text)} and {named} is not null"
    return [
        Check(f"{is_named} and {currency} is null", column, NO_CURRENCY_BESIDE, text),
        Check(f"{is_named} and not {is_of_currency(named, currency)}", column, OTHER_CURRENCY, text),
    ]
