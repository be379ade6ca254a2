"""Mappings: what a vendor's export looks like, declared in YAML and checked before use."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.sources import canonical
from thermocline.sources.declaration import Declared, read

SHIPPED = Path(__file__).parent / "mappings"
SYSTEMS = ("crm", "billing")
EXTENTS = ("changes", "full")
PACKAGING = (".gz",)


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """A vendor column's name as it is compared: `Customer ID`, `customer_id` are `customerid`."""
    return "".join(name.split()).replace("_", "").strip("\ufeff").lower()


@dataclass(frozen=True)
class Rule:
    """How one canonical column comes about.

    From a vendor column (the first of `aliases` that the file has), from an SQL `expression` over
    vendor columns written as "Column", or from a `constant`. `values` translates an enumeration,
    `negate` turns a number's sign, `filled` quarantines rows without a value, and `required` names
    the columns that a file must have to be recognised.
    """

    column: canonical.Column
    aliases: tuple[str, ...] = ()
    expression: str | None = None
    constant: str | None = None
    values: tuple[tuple[str, str | None], ...] = ()
    required: bool = False
    filled: bool = False
    negate: bool = False

    @cached_property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """The vendor columns it reads, each with its aliases."""
        if self.expression is not None:
            return tuple((name,) for name in identifiers(self.expression))
        return (self.aliases,) if self.aliases else ()


@dataclass(frozen=True)
class Feed:
    """One kind of file of an export, and the canonical table it becomes."""

    name: str
    table: canonical.Table
    file_glob: str | None
    rules: tuple[Rule, ...]
    ignored: tuple[str, ...]
    extent: str
    rhythm_days: int | None

    @cached_property
    def required(self) -> tuple[tuple[str, ...], ...]:
        """The vendor columns without which a file isn't this feed, each with its aliases."""
        return tuple(i for rule in self.rules if rule.required for i in rule.inputs)

    def hints_at(self, path: str) -> bool:
        name = PurePosixPath(path).name.lower()
        return bool(self.file_glob) and PurePosixPath(name).match(str(self.file_glob).lower())


@dataclass(frozen=True)
class Mapping:
    """One vendor's export: its feeds, its time zone, and how its deliveries are told apart.

    `timezone` None stands for the company's reporting time zone.
    """

    name: str
    title: str
    system: str
    timezone: str | None
    delivery_key: re.Pattern[str] | None
    key_is_covered_day: bool
    nulls: tuple[str, ...]
    feeds: tuple[Feed, ...]
    file: Path

    def feed(self, name: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.name == name), None)

    def delivery(self, path: str) -> tuple[str, date | None]:
        """The delivery a file belongs to: its key, and the last day that it declares covered.

        A path without a key is a delivery of its own, whatever it is packed in.
        """
        found = self.delivery_key.search(path) if self.delivery_key else None
        if not found:
            for suffix in PACKAGING:
                path = path.removesuffix(suffix)
            return path, None
        key = found.group(1)
        try:
            return key, date.fromisoformat(key) if self.key_is_covered_day else None
        except ValueError:
            return key, None


Mappings = dict[str, Mapping]


def identifiers(expression: str) -> tuple[str, ...]:
    """The vendor columns an expression names: its "double-quoted" identifiers, each once."""
    parts = re.findall(r"""'(?:[^']|'')*'|"((?:[^"]|"")+)\"""", expression)
    return tuple(dict.fromkeys(part.replace('""', '"') for part in parts if part))


def mapping_files(home: Home | None) -> list[Path]:
    """The mapping files in force: those shipped, then the home's own."""
    own = sorted((home.config / "mappings").glob("*.yml")) if home else []
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
    fields = root.fields(
        ("name", "title", "system", "feeds"),
        ("timezone", "delivery", "rhythm_days", "extent", "nulls"),
    )
    name = fields["name"].text()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise fields["name"].refuse("lower-case letters, digits and underscores")
    extent = fields["extent"].choice(EXTENTS) if "extent" in fields else "changes"
    rhythm = fields["rhythm_days"].count() if "rhythm_days" in fields else None
    feeds = tuple(_feed(item, extent, rhythm) for item in fields["feeds"].items())
    if not feeds:
        raise fields["feeds"].refuse("at least one feed")
    for n, feed in enumerate(feeds):
        if any(other.name == feed.name for other in feeds[:n]):
            raise fields["feeds"].items()[n].refuse(f"a `name` of its own beside {feed.name!r}")
    key, covers = _delivery(fields.get("delivery"))
    return Mapping(
        name=name,
        title=fields["title"].text(),
        system=fields["system"].choice(SYSTEMS),
        timezone=_zone(fields.get("timezone")),
        delivery_key=key,
        key_is_covered_day=covers,
        nulls=fields["nulls"].texts() if "nulls" in fields else (),
        feeds=feeds,
        file=file,
    )


def _zone(declared: Declared | None) -> str | None:
    if declared is None or (name := declared.text()) == "reporting":
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise declared.refuse("`reporting` or an IANA zone such as Europe/Berlin") from error


def _delivery(declared: Declared | None) -> tuple[re.Pattern[str] | None, bool]:
    if declared is None:
        return None, False
    fields = declared.fields(("key",), ("covers",))
    expected = "a regular expression with one group, matched in the relative path"
    try:
        key = re.compile(fields["key"].text())
    except re.error as error:
        raise fields["key"].refuse(f"{expected} ({error})") from error
    if key.groups != 1:
        raise fields["key"].refuse(expected)
    covers = fields["covers"].choice(("key",)) if "covers" in fields else None
    return key, covers == "key"


def _feed(declared: Declared, extent: str, rhythm_days: int | None) -> Feed:
    fields = declared.fields(("feed", "columns"), ("name", "file", "ignored", "extent", "rhythm_days"))
    table = canonical.TABLES[fields["feed"].choice(canonical.TABLES)]
    rules = tuple(_rules(fields["columns"], table))
    named = {rule.column.name for rule in rules}
    for column in table.columns:
        if column.filled and column.name not in named:
            raise fields["columns"].refuse(f"a rule for {column.name!r}, which {table.name} needs")
    if not any(rule.required for rule in rules):
        raise fields["columns"].refuse("`required: true` on the columns that tell the file apart")
    return Feed(
        name=fields["name"].text() if "name" in fields else table.name,
        table=table,
        file_glob=fields["file"].text() if "file" in fields else None,
        rules=rules,
        ignored=fields["ignored"].texts() if "ignored" in fields else (),
        extent=fields["extent"].choice(EXTENTS) if "extent" in fields else extent,
        rhythm_days=fields["rhythm_days"].count() if "rhythm_days" in fields else rhythm_days,
    )


def _rules(declared: Declared, table: canonical.Table) -> Iterator[Rule]:
    for name, item in declared.entries().items():
        column = table.column(name)
        if column is None:
            names = ", ".join(column.name for column in table.columns)
            raise item.refuse(f"a column of {table.name} ({names})")
        yield _rule(item, column)


def _rule(declared: Declared, column: canonical.Column) -> Rule:
    if not isinstance(declared.value, dict):
        return Rule(column, aliases=declared.texts(), filled=column.filled)
    fields = declared.fields((), ("from", "expr", "constant", "values", "required", "filled", "negate"))
    origins = [key for key in ("from", "expr", "constant") if key in fields]
    if len(origins) != 1:
        raise declared.refuse("exactly one of the keys from, expr, constant")
    rule = Rule(
        column,
        aliases=fields["from"].texts() if "from" in fields else (),
        expression=fields["expr"].text() if "expr" in fields else None,
        constant=fields["constant"].text() if "constant" in fields else None,
        values=_values(fields["values"], column) if "values" in fields else (),
        required="required" in fields and fields["required"].flag(),
        filled=column.filled or ("filled" in fields and fields["filled"].flag()),
        negate="negate" in fields and fields["negate"].flag(),
    )
    if rule.expression is not None and not rule.inputs:
        raise fields["expr"].refuse('vendor columns written as "Column"; else use `constant`')
    if rule.required and not rule.inputs:
        raise fields["required"].refuse("`from` or `expr` beside it")
    if rule.negate and not column.is_decimal:
        raise fields["negate"].refuse("a column that holds a number")
    if rule.constant is not None and column.accepted and rule.constant not in column.accepted:
        raise fields["constant"].refuse(f"one of {', '.join(column.accepted)}")
    return rule


def _values(declared: Declared, column: canonical.Column) -> tuple[tuple[str, str | None], ...]:
    values = []
    for vendor, item in declared.entries().items():
        value = None if item.value is None else item.text()
        if value is not None and column.accepted and value not in column.accepted:
            raise item.refuse(f"one of {', '.join(column.accepted)}, or null")
        values.append((vendor.strip().lower(), value))
    if not values:
        raise declared.refuse("the vendor's values, each with what it becomes")
    return tuple(values)
