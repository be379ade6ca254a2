"""Mapping files: YAML, checked before use against the keys that `mapping_schema` declares."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.mapping import canonical
from thermocline.mapping import schema as schema
from thermocline.mapping.declaration import Declared, read
from thermocline.mapping.expressions import NUMBER, TRUTH, Call, substituted
from thermocline.mapping.model import Feed, Filter, Mapping, Mappings, Rule
from thermocline.mapping.schema import fields

SHIPPED = Path(__file__).parent / "mappings"
BLANK = "cast(null as varchar)"
ORIGINS = ("from", "expr", "constant", "from_path", "from_sheet")
IS_SUM_OF_LINES = next(c for c in canonical.TABLES["invoices"].columns if c.name == "is_sum_of_lines")
TYPES = {NUMBER: "decimal(24, 6)", TRUTH: "boolean"}


def mapping_files(home: Home | None) -> list[Path]:
    """The mapping files in force: those shipped, then the home's own."""
    own = sorted((home.config / "mappings").glob("*.y*ml")) if home else []
    return [*sorted(SHIPPED.glob("*.yml")), *own]


def digest(home: Home | None) -> str:
    """A hash of everything that recognition depends on: mappings, and the home's sources."""
    files = mapping_files(home)
    if home and (home.config / "sources.yml").is_file():
        files.append(home.config / "sources.yml")
    parts = (f"{file.name}:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def load_mappings(home: Home | None = None) -> Mappings:
    """All mappings by name; one in the home's `config/mappings` wins over a shipped one.

    Raises InputError, naming file, line and key, for a declaration that doesn't hold.
    """
    mappings: Mappings = {}
    own_names: set[str] = set()
    for file in mapping_files(home):
        mapping = _parsed(file, file.stat().st_mtime_ns)
        if file.parent != SHIPPED and mapping.name in own_names:
            raise InputError(f"{file}: the mapping {mapping.name!r} is declared twice; rename one")
        if file.parent != SHIPPED:
            own_names.add(mapping.name)
        mappings[mapping.name] = mapping
    return mappings


@lru_cache(maxsize=64)
def _parsed(file: Path, _modified: int) -> Mapping:
    return parse_mapping(file)


def parse_mapping(file: Path) -> Mapping:
    """Read and check one mapping file."""
    root = read(file)
    keys = fields(root, schema.MAPPING)
    name = keys["name"].text()
    if not re.fullmatch(schema.NAME, name):
        raise keys["name"].refuse("lower-case letters, digits and underscores")
    mode = keys["mode"].choice(schema.MODES) if "mode" in keys else "delta"
    rhythm = keys["expected_every_days"].count() if "expected_every_days" in keys else None
    exponents = _exponents(keys.get("minor_units"))
    written = numbers(keys.get("numbers"))
    ids = keys["ids"].choice(schema.IDS) if "ids" in keys else "as_written"
    feeds = tuple(_feed(item, mode, rhythm, ids, bool(exponents), written) for item in keys["feeds"].items())
    if "history" in keys:
        feeds = tuple(_with_history(feed, *_history(keys["history"])) for feed in feeds)
    if not feeds:
        raise keys["feeds"].refuse("at least one feed")
    for n, feed in enumerate(feeds):
        if any(other.name == feed.name for other in feeds[:n]):
            raise keys["feeds"].items()[n].refuse(f"a `name` of its own beside {feed.name!r}")
        if feed.same_file_as and feed.same_file_as not in {o.name for o in feeds[:n] if not o.same_file_as}:
            same_file_as = keys["feeds"].items()[n].entries()["same_file_as"]
            raise same_file_as.refuse("a feed named before it that has files of its own")
    titled = {feed.name for feed in feeds if feed.skip_until_header}
    feeds = tuple(
        replace(feed, skip_until_header=feed.skip_until_header or feed.same_file_as in titled)
        for feed in feeds
    )
    _check_lookups(keys["feeds"], feeds)
    key, covers, delivery_dates = _delivery(keys.get("delivery"))
    return Mapping(
        name=name,
        title=keys["title"].text(),
        system=keys["system"].choice(schema.SYSTEMS),
        timezone=zone(keys.get("timezone")),
        delivery_key=key,
        key_is_covered_day=covers,
        delivery_dates=delivery_dates,
        nulls=keys["nulls"].texts() if "nulls" in keys else (),
        dates=dates(keys.get("dates")),
        currency=currency(keys.get("currency")),
        minor_units=exponents,
        prefixes=keys["prefixes"].texts() if "prefixes" in keys else (),
        reject_mostly_unknown="reject_mostly_unknown" in keys and keys["reject_mostly_unknown"].flag(),
        ignore_files=keys["ignore_files"].texts() if "ignore_files" in keys else (),
        feeds=feeds,
        file=file,
        honours=_honours(keys.get("honours")),
        exclude_files=keys["exclude_files"].texts() if "exclude_files" in keys else (),
    )


def _check_lookups(declared: Declared, feeds: tuple[Feed, ...]) -> None:
    """Refuse the key of a look-up that no feed of the mapping holds."""
    own = [rule for feed in feeds if feed.table.name == "lookups" for rule in feed.rules]
    names = [rule.constant for rule in own if rule.column.name == "lookup"]
    for item, feed in zip(declared.items(), feeds, strict=True):
        for rule in feed.rules:
            if rule.lookup and None not in names and rule.lookup not in names:
                columns = item.entries()["columns"].entries()
                raise (
                    columns[rule.column.name]
                    .entries()["lookup"]
                    .refuse(f"a look-up of the mapping ({', '.join(map(str, names)) or 'there is none'})")
                )
            if rule.lookup and not names:
                raise declared.refuse("a feed `lookups` that holds the look-ups")


def zone(declared: Declared | None) -> str | None:
    if declared is None or (name := declared.text()) == "reporting":
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise declared.refuse("`reporting` or an IANA zone such as Europe/Berlin") from error


def dates(declared: Declared | None) -> str | None:
    if declared is None or (written := declared.choice(schema.DATES)) == "iso":
        return None
    return written


def numbers(declared: Declared | None) -> str | None:
    return None if declared is None else declared.choice(schema.NUMBERS)


def currency(declared: Declared | None) -> str | None:
    if declared is None:
        return None
    if not re.fullmatch("[A-Z]{3}", code := declared.text()):
        raise declared.refuse("a currency's code such as EUR")
    return code


def _exponents(declared: Declared | None) -> tuple[tuple[str, int], ...]:
    if declared is None:
        return ()
    exponents = {}
    for code, item in declared.entries().items():
        if code != "default" and not re.fullmatch("[A-Z]{3}", code):
            raise item.refuse("`default` or a currency's code such as EUR")
        if (text := item.text()) not in ("0", "1", "2", "3", "4"):
            raise item.refuse("how many decimals the currency has, 0 to 4")
        exponents[code] = int(text)
    if "default" not in exponents:
        raise declared.refuse("the key 'default'")
    return ("default", exponents.pop("default")), *exponents.items()


def _honours(declared: Declared | None) -> tuple[tuple[str, str], ...]:
    entries = declared.entries() if declared else {}
    return tuple((flag, meaning.text()) for flag, meaning in entries.items())


def _delivery(declared: Declared | None) -> tuple[re.Pattern[str] | None, bool, str | None]:
    if declared is None:
        return None, False, None
    keys = fields(declared, schema.DELIVERY)
    order = keys["dates"].choice(schema.DELIVERY_DATES) if "dates" in keys else None
    if "key" not in keys:
        if "covers" in keys:
            raise keys["covers"].refuse("`key` beside it")
        return None, False, order
    key = _path(keys["key"])
    covers = keys["covers"].choice(("key",)) if "covers" in keys else None
    return key, covers == "key", order


def _path(declared: Declared) -> re.Pattern[str]:
    """A pattern that finds one text in a file's path."""
    expected = "a regular expression with one group, matched in the relative path"
    try:
        pattern = re.compile(declared.text())
    except re.error as error:
        raise declared.refuse(f"{expected} ({error})") from error
    if pattern.groups != 1:
        raise declared.refuse(expected)
    return pattern


def _history(declared: Declared) -> tuple[str, str, str]:
    keys = fields(declared, schema.HISTORY)
    return keys["active"].text(), keys["since"].text(), keys["until"].text()


def _with_history(feed: Feed, active: str, since: str, until: str) -> Feed:
    """A feed whose files may hold every version of a record, with the time that each was valid.

    A version that isn't active is left out as of its end, so that it ends the record unless
    another one began later. A document's lines began at different times, and are no versions of it.
    """
    left_out = Filter(f"is a version that has ended ({active})", aliases=(active,), values=("false",))
    filters = (left_out, *feed.filters)
    if feed.table.name == "invoice_lines":
        return replace(feed, filters=filters)
    rules = {rule.column.name: rule for rule in feed.rules}
    column = feed.table.columns[-1]
    rule = rules.get(column.name, Rule(column))
    known = [_quoted(alias) for alias in rule.aliases]
    if rule.expression is not None:
        known = [f"({rule.expression})"]
    ended = f"case when not truth({_quoted(active)}) then {_quoted(until)} end"
    moment = f"coalesce({', '.join((ended, _quoted(since), *known))})"
    rules[column.name] = replace(rule, aliases=(), expression=moment)
    return replace(feed, rules=tuple(rules.values()), filters=filters)


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _feed(
    declared: Declared,
    mode: str,
    expected_every_days: int | None,
    ids: str,
    has_exponents: bool,
    written: str | None,
) -> Feed:
    keys = fields(declared, schema.FEED)
    table = canonical.TABLES[keys["feed"].choice(canonical.TABLES)]
    ids = keys["ids"].choice(schema.IDS) if "ids" in keys else ids
    rules = tuple(
        replace(rule, is_salesforce_id=ids == "salesforce" and rule.column.is_crm_key)
        for rule in _rules(keys["columns"], table)
    )
    named = {rule.column.name for rule in rules}
    for column in table.columns:
        if column.not_blank and column.name not in named:
            raise keys["columns"].refuse(f"a rule for {column.name!r}, which {table.name} needs")
    if not any(rule.required for rule in rules):
        raise keys["columns"].refuse("`required: true` on the columns that tell the file apart")
    if any(rule.is_minor for rule in rules) and not ("currency" in named and has_exponents):
        raise keys["columns"].refuse("a rule for 'currency', and `minor_units` of the mapping")
    return Feed(
        name=keys["name"].text() if "name" in keys else table.name,
        table=table,
        file_glob=keys["file"].text() if "file" in keys else None,
        rules=rules,
        filters=tuple(map(_filter, keys["exclude"].items())) if "exclude" in keys else (),
        match_any=keys["match_any"].texts() if "match_any" in keys else (),
        match_none=keys["match_none"].texts() if "match_none" in keys else (),
        ignore_columns=keys["ignore_columns"].texts() if "ignore_columns" in keys else (),
        mode=keys["mode"].choice(schema.MODES) if "mode" in keys else mode,
        expected_every_days=keys["expected_every_days"].count()
        if "expected_every_days" in keys
        else expected_every_days,
        optional_when_empty="optional_when_empty" in keys and keys["optional_when_empty"].flag(),
        sheet=keys["sheet"].text() if "sheet" in keys else None,
        records=keys["records"].texts() if "records" in keys else (),
        match_file_name=_matches_file_name(keys),
        same_file_as=keys["same_file_as"].text() if "same_file_as" in keys else None,
        skip_until_header="skip_until_header" in keys and keys["skip_until_header"].flag(),
        numbers=numbers(keys.get("numbers")) or written,
    )


def _matches_file_name(keys: dict[str, Declared]) -> bool:
    is_set = "match_file_name" in keys and keys["match_file_name"].flag()
    if is_set and "file" not in keys:
        raise keys["match_file_name"].refuse("`file` beside it")
    return is_set


def _rules(declared: Declared, table: canonical.Table) -> Iterator[Rule]:
    for name, item in declared.entries().items():
        column = table.column(name)
        if column is None:
            names = ", ".join(column.name for column in table.columns)
            raise item.refuse(f"a column of {table.name} ({names})")
        if isinstance(item.value, dict) and "sum_of_lines" in item.value:
            yield _sum_of_lines(item, column, table)
            yield Rule(IS_SUM_OF_LINES, constant="true")
        else:
            rule = _rule(item, column)
            if rule.lookup and name not in canonical.LOOKED_UP.get(table.name, ()):
                places = ", ".join(f"{t}.{c}" for t, columns in canonical.LOOKED_UP.items() for c in columns)
                raise item.entries()["lookup"].refuse(f"it at one of {places}")
            yield rule


def _sum_of_lines(declared: Declared, column: canonical.Column, table: canonical.Table) -> Rule:
    """What a header adds to the sum of its lines, 0 where it says nothing."""
    keys = fields(declared, schema.COLUMN)
    if (table.name, column.name) != ("invoices", "total"):
        raise keys["sum_of_lines"].refuse("it at the total of invoices alone")
    if not keys["sum_of_lines"].flag():
        raise keys["sum_of_lines"].refuse("true, or a column without this key")
    unfit = sorted(set(keys) - {"sum_of_lines", "plus", "expr", "negate", "minor_units"})
    if unfit or {"plus", "expr"} <= set(keys):
        raise keys[unfit[0] if unfit else "expr"].refuse(
            "beside `sum_of_lines` no more than one of `plus` and `expr`, with `negate` and `minor_units`"
        )
    rule = Rule(
        column,
        aliases=(keys["plus"].text("one column; add several by `expr`"),) if "plus" in keys else (),
        expression=keys["expr"].text() if "expr" in keys else None,
        required="plus" in keys or "expr" in keys,
        not_blank=True,
        negate="negate" in keys and keys["negate"].flag(),
        is_minor="minor_units" in keys and keys["minor_units"].flag(),
        blank="0",
    )
    if rule.expression is not None and not rule.inputs:
        raise keys["expr"].refuse('vendor columns written as "Column"')
    if rule.expression is not None:
        _bind(keys["expr"], rule.expression)
    return rule if rule.inputs else Rule(column, constant="0", not_blank=True)


def _rule(declared: Declared, column: canonical.Column) -> Rule:
    if not isinstance(declared.value, dict):
        return Rule(column, aliases=declared.texts(), not_blank=column.not_blank)
    keys = fields(declared, schema.COLUMN)
    if "plus" in keys:
        raise keys["plus"].refuse("`sum_of_lines: true` beside it")
    origins = [key for key in ORIGINS if key in keys]
    if len(origins) != 1:
        raise declared.refuse(f"exactly one of the keys {', '.join(ORIGINS)}")
    rule = Rule(
        column,
        aliases=keys["from"].texts() if "from" in keys else (),
        expression=keys["expr"].text() if "expr" in keys else None,
        constant=keys["constant"].text() if "constant" in keys else None,
        values=_values(keys["values"], column) if "values" in keys else (),
        otherwise=(_value(keys["otherwise"], column),) if "otherwise" in keys else (),
        required="required" in keys and keys["required"].flag(),
        not_blank=column.not_blank or ("not_blank" in keys and keys["not_blank"].flag()),
        negate="negate" in keys and keys["negate"].flag(),
        is_minor="minor_units" in keys and keys["minor_units"].flag(),
        path=_path(keys["from_path"]) if "from_path" in keys else None,
        is_sheet="from_sheet" in keys,
        lookup=keys["lookup"].text() if "lookup" in keys else None,
        numbers=numbers(keys.get("numbers")),
        is_day="is_day" in keys and keys["is_day"].flag(),
    )
    if rule.is_sheet and not keys["from_sheet"].flag():
        raise keys["from_sheet"].refuse("true, or another origin")
    if rule.expression is not None and not rule.inputs:
        raise keys["expr"].refuse('vendor columns written as "Column"; else use `constant`')
    if rule.expression is not None:
        _bind(keys["expr"], rule.expression)
    if rule.required and not rule.inputs:
        raise keys["required"].refuse("`from` or `expr` beside it")
    for key in ("negate", "minor_units"):
        if key in keys and not column.is_decimal:
            raise keys[key].refuse("a column that holds a number")
    if rule.numbers and not (column.is_decimal or column.type == canonical.INTEGER):
        raise keys["numbers"].refuse("a column that holds a number")
    if rule.is_day and column.type not in (canonical.DATE, canonical.TIMESTAMP):
        raise keys["is_day"].refuse("a column that holds a date")
    if rule.otherwise and not rule.values:
        raise keys["otherwise"].refuse("`values` beside it")
    if rule.constant is not None and column.accepted and rule.constant not in column.accepted:
        raise keys["constant"].refuse(f"one of {', '.join(column.accepted)}")
    return rule


def _bind(declared: Declared, expression: str) -> None:
    """Refuse what the engine doesn't take for an expression; those shipped are held by a test."""
    if declared.file.parent != SHIPPED:
        try:
            with duckdb.connect() as connection:
                blank = substituted(expression, lambda _: BLANK, _blank)
                connection.execute(f"select try(cast(({blank}) as varchar))")
        except duckdb.Error as error:
            reason = str(error).split("\n")[0]
            raise declared.refuse(f"an SQL expression over vendor columns ({reason})") from error


def _blank(call: Call) -> str:
    return f"cast(null as {TYPES.get(call.reader, 'varchar')})"


def _values(declared: Declared, column: canonical.Column) -> tuple[tuple[str, str | None], ...]:
    values = [(name.strip().lower(), _value(item, column)) for name, item in declared.entries().items()]
    if not values:
        raise declared.refuse("the vendor's values, each with what it becomes")
    return tuple(values)


def _value(declared: Declared, column: canonical.Column) -> str | None:
    value = None if declared.value is None else declared.text()
    if value is not None and column.accepted and value not in column.accepted:
        raise declared.refuse(f"one of {', '.join(column.accepted)}, or null")
    return value


def _filter(declared: Declared) -> Filter:
    keys = fields(declared, schema.FILTER)
    origins = sorted(set(keys) - {"reason"})
    if origins not in (["expr"], ["from", "is"], ["from", "is_not"]):
        raise declared.refuse("beside `reason` either `from` and `is`, `from` and `is_not`, or `expr`")
    cells = keys.get("is", keys.get("is_not"))
    values = [_cell(item) for item in cells.items()] if cells else []
    if cells and not values:
        raise cells.refuse("at least one value")
    left_out = Filter(
        reason=keys["reason"].text(),
        aliases=keys["from"].texts() if "from" in keys else (),
        values=tuple(values),
        is_kept="is_not" in keys,
        expression=keys["expr"].text() if "expr" in keys else None,
    )
    if not left_out.inputs:
        raise keys["expr"].refuse('vendor columns written as "Column"')
    if left_out.expression is not None:
        _bind(keys["expr"], f"cast(({left_out.expression}) as boolean)")
    return left_out


def _cell(declared: Declared) -> str | None:
    return None if declared.value is None else declared.text().lower()
