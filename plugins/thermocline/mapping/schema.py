"""The keys of a mapping: the one declaration that is checked against, documented and published.

`json_schema` gives it to editors; `thermocline.mapping.pages` to readers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thermocline.mapping import canonical
from thermocline.mapping.declaration import Declared

SYSTEMS = ("crm", "billing")
MODES = ("delta", "snapshot")
NUMBERS = ("point", "comma")
IDS = ("as_written", "salesforce")
DELIVERY_DATES = ("day_first", "month_first")
DATES = ("iso", "day_first", "month_first", "unix")
NAME = "^[a-z][a-z0-9_]*$"


@dataclass(frozen=True)
class Key:
    """A key that may stand in a mapping: what kind of value it takes, and what it does.

    `kind` names a JSON Schema in `KINDS`; `choices` are the texts that it may be.
    """

    name: str
    kind: str
    words: str
    needed: bool = False
    choices: tuple[str, ...] = ()


MAPPING = (
    Key("name", "name", "lower-case letters, digits and underscores", needed=True),
    Key("title", "text", "the export, in words", needed=True),
    Key("system", "text", "the system that it comes from", needed=True, choices=SYSTEMS),
    Key("feeds", "feeds", "the kinds of file that it has", needed=True),
    Key("timezone", "text", "of values without a zone: an IANA name; default: the company's time zone"),
    Key("delivery", "delivery", "how files are told to belong to one delivery; default: each is one"),
    Key("expected_every_days", "count", "how often it delivers, in days; decides when it is late"),
    Key("mode", "text", "`delta`: an absent record is as it was; `snapshot`: it was deleted", choices=MODES),
    Key("nulls", "texts", "cells that count as blank"),
    Key("dates", "text", "how dates are written, other than ISO", choices=DATES),
    Key(
        "numbers",
        "text",
        "the sign before decimals, where numbers may have thousands separators, currency signs or "
        "parentheses; default: plain numbers only, with a point",
        choices=NUMBERS,
    ),
    Key("currency", "text", "of amounts without one, a code such as EUR"),
    Key("minor_units", "exponents", "decimals of a currency's amounts in minor units, by code and `default`"),
    Key(
        "reject_mostly_unknown",
        "flag",
        "a file with more columns that a feed doesn't know than ones that it does is none of it",
    ),
    Key("prefixes", "texts", "beginnings of column names that don't count, such as `properties.`"),
    Key("ignore_files", "texts", "patterns of file names that are the vendor's logs and no exports"),
    Key("ids", "text", "the form of the CRM's keys; `salesforce`: 15 and 18 characters are one", choices=IDS),
    Key("history", "history", "of exports that hold every version of a record: which of them counts"),
    Key("honours", "words", "the vendor's flags that are honoured, each with what becomes of such a record"),
    Key(
        "exclude_files",
        "texts",
        "patterns of files that are left out on purpose, by name or by path: `*summary*`, `archive/*`",
    ),
)
HISTORY = (
    Key("active", "text", "the flag of the version that counts now; the others are left out", needed=True),
    Key("since", "text", "when a version began", needed=True),
    Key("until", "text", "when it ended; a record whose last version ended was deleted", needed=True),
)
DELIVERY = (
    Key("key", "text", "a regular expression with one group, searched for in the path; default: its date"),
    Key("covers", "text", "`key`: the key is the last day that the delivery covers", choices=("key",)),
    Key("dates", "text", "order of day and month in paths' dates with the year last", choices=DELIVERY_DATES),
)
FEED = (
    Key("feed", "table", "the canonical table that it becomes", needed=True),
    Key("columns", "columns", "the table's columns, each with where it comes from", needed=True),
    Key("name", "text", "its own name; default: the table's"),
    Key("file", "text", "a pattern of the file's name, where headers alone don't decide"),
    Key("sheet", "text", "its sheet in a workbook; default: any"),
    Key("records", "texts", "the dotted path of its records inside those of a JSON document, or several"),
    Key("same_file_as", "text", "the feed, named before, whose files this one is made of as well"),
    Key("match_file_name", "flag", "only files whose name fits `file`: another kind has the same columns"),
    Key(
        "skip_until_header",
        "flag",
        "lines such as a title may stand above a text's header, and lines with one filled cell below it",
    ),
    Key("match_any", "texts", "columns of which a file of this feed has at least one"),
    Key("match_none", "texts", "columns of which a file of this feed has none"),
    Key("exclude", "filters", "records that are left out on purpose, counted by reason"),
    Key("ignore_columns", "texts", "vendor columns known to be of no use"),
    Key("ids", "text", "as above, for this feed", choices=IDS),
    Key("mode", "text", "as above, for this feed", choices=MODES),
    Key("expected_every_days", "count", "as above, for this feed"),
    Key("numbers", "text", "as above, for this feed", choices=NUMBERS),
    Key(
        "optional_when_empty",
        "flag",
        "where there is nothing to tell no file comes, so that it isn't late while the source's others come",
    ),
)
COLUMN = (
    Key(
        "from",
        "texts",
        "the vendor column, or names of which the first one present counts; a flag is set where any one is",
    ),
    Key(
        "expr",
        "text",
        'an SQL expression over vendor columns, each written as `"Column"`; `number("Column")`, '
        '`truth("Column")` and `calendar_day("Column")` read it as this page says',
    ),
    Key("constant", "text", "one value for all records"),
    Key("from_path", "text", "a regular expression with one group, searched for in the file's path"),
    Key("from_sheet", "flag", "`true`: the name of the workbook's sheet"),
    Key("sum_of_lines", "flag", "instead, for `total` of invoices: the document's lines are summed"),
    Key("plus", "text", "beside `sum_of_lines`: a column that is added to them, such as freight; blank is 0"),
    Key("lookup", "text", "the look-up, a feed `lookups` of the mapping, in which the value is a key"),
    Key("values", "values", "translates an enumeration, without case; `null` leaves it blank"),
    Key("otherwise", "value", "what any other value becomes; without it, the record is quarantined"),
    Key("required", "flag", "the file is not this feed without the column"),
    Key("not_blank", "flag", "a record without a value is quarantined"),
    Key("negate", "flag", "turns the sign of a number"),
    Key("minor_units", "flag", "the number counts minor units of the record's `currency`"),
    Key("numbers", "text", "as above, for this column", choices=NUMBERS),
    Key("is_day", "flag", "the column holds days: a midnight, in whatever zone it is written, is its day"),
)
FILTER = (
    Key("reason", "text", "why these records are left out, in words", needed=True),
    Key("from", "texts", "the vendor column that decides"),
    Key(
        "is",
        "cells",
        "its values that are left out, without case; `null` is blank, `true` and `false` mean all spellings",
    ),
    Key("is_not", "cells", "its only values that aren't left out"),
    Key("expr", "text", "instead: an SQL condition over vendor columns"),
)

TEXT = {"type": "string", "minLength": 1}
SCALAR = {"type": ["string", "number", "boolean"]}
KINDS: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": NAME},
    "text": SCALAR,
    "value": {"type": ["string", "number", "boolean", "null"]},
    "texts": {"anyOf": [SCALAR, {"type": "array", "minItems": 1, "items": SCALAR}]},
    "cells": {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean", "null"]}},
    "flag": {"type": "boolean"},
    "words": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
    "count": {"type": "integer", "minimum": 1},
    "values": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    },
    "exponents": {
        "type": "object",
        "required": ["default"],
        "propertyNames": {"pattern": "^(default|[A-Z]{3})$"},
        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 4},
    },
    "table": {"enum": list(canonical.TABLES)},
    "columns": {"type": "object", "additionalProperties": {"$ref": "#/$defs/column"}},
    "delivery": {"$ref": "#/$defs/delivery"},
    "history": {"$ref": "#/$defs/history"},
    "feeds": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/feed"}},
    "filters": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/filter"}},
}


def fields(declared: Declared, keys: Iterable[Key]) -> dict[str, Declared]:
    """The declared keys by name. Raises InputError for an unknown or missing one."""
    keys = tuple(keys)
    return declared.fields(
        [key.name for key in keys if key.needed], [key.name for key in keys if not key.needed]
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a mapping file."""
    feed = _object(FEED)
    feed["allOf"] = [
        {
            "if": {"properties": {"feed": {"const": table.name}}},
            "then": {
                "properties": {
                    "columns": {"propertyNames": {"enum": [column.name for column in table.columns]}}
                }
            },
        }
        for table in canonical.TABLES.values()
    ]
    column = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": TEXT},
            {
                **_object(COLUMN),
                "oneOf": [
                    {"required": ["from"]},
                    {"required": ["expr"], "not": {"required": ["sum_of_lines"]}},
                    {"required": ["constant"]},
                    {"required": ["sum_of_lines"]},
                    {"required": ["from_path"]},
                    {"required": ["from_sheet"]},
                ],
            },
        ]
    }
    filters = {
        **_object(FILTER),
        "oneOf": [
            {"required": ["from", "is"]},
            {"required": ["from", "is_not"]},
            {"required": ["expr"], "not": {"required": ["from"]}},
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Thermocline mapping",
        "description": "What a vendor's export looks like, and what becomes of its columns.",
        **_object(MAPPING),
        "$defs": {
            "feed": feed,
            "delivery": _object(DELIVERY),
            "history": _object(HISTORY),
            "column": column,
            "filter": filters,
        },
    }


def _object(keys: Iterable[Key]) -> dict[str, Any]:
    keys = tuple(keys)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in keys if key.needed],
        "properties": {
            key.name: {
                **({"enum": list(key.choices)} if key.choices else KINDS[key.kind]),
                "description": key.words,
            }
            for key in keys
        },
    }
