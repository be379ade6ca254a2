"""SQL expressions of mappings: over vendor columns, each written as "Column".

Beside SQL's own functions three read a cell as the rest of the mapping would: `number("Column")`,
`truth("Column")` and `calendar_day("Column")`. With several columns the first that is filled counts.
A cell that none can be made of refuses the record, wherever the expression stands.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

NUMBER, TRUTH, DAY = "number", "truth", "calendar_day"
READERS = (NUMBER, TRUTH, DAY)

_COLUMN = '"(?:[^"]|"")+"'
_TEXT = "'(?:[^']|'')*'"
_CALL = rf"\b({'|'.join(READERS)})\(\s*({_COLUMN}(?:\s*,\s*{_COLUMN})*)\s*\)"
_PARTS = re.compile(f"{_TEXT}|{_CALL}|({_COLUMN})")


@dataclass(frozen=True)
class Call:
    """One of the functions above, with the vendor columns that it reads."""

    reader: str
    columns: tuple[str, ...]


def identifiers(expression: str) -> tuple[str, ...]:
    """The vendor columns an expression names: its "double-quoted" identifiers, each once."""
    parts = re.findall(f"{_TEXT}|({_COLUMN})", expression)
    return tuple(dict.fromkeys(_name(part) for part in parts if part))


def calls(expression: str) -> tuple[Call, ...]:
    """Where an expression reads numbers, truth values and days, each once."""
    found = (part for part in _PARTS.finditer(expression) if part.group(1))
    return tuple(dict.fromkeys(Call(part.group(1), _names(part.group(2))) for part in found))


def substituted(expression: str, cell: Callable[[str], str], reading: Callable[[Call], str]) -> str:
    """An expression with SQL put in for the vendor columns that it names, and for what reads them."""

    def resolved(part: re.Match[str]) -> str:
        reader, columns, column = part.groups()
        if reader:
            return f"({reading(Call(reader, _names(columns)))})"
        return cell(_name(column)) if column else part.group(0)

    return _PARTS.sub(resolved, expression)


def _names(columns: str) -> tuple[str, ...]:
    return tuple(_name(column) for column in re.findall(_COLUMN, columns))


def _name(column: str) -> str:
    return column[1:-1].replace('""', '"')
