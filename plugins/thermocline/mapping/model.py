"""Mappings: what a vendor's export looks like, and what becomes of its columns."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path

from thermocline.mapping import canonical
from thermocline.mapping.casting import FALSE, TRUE
from thermocline.mapping.declared_days import declared_day
from thermocline.mapping.expressions import identifiers

PACKAGING = (".gz", ".zip")
HEADERS_KEPT = 1000
DAY_FIRST, MONTH_FIRST, UNIX = "day_first", "month_first", "unix"


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """A vendor column's name as it is compared: `Customer ID`, `customer_id` are `customerid`."""
    return "".join(name.split()).replace("_", "").strip("\ufeff").lower()


@lru_cache(maxsize=4096)
def _without(cell: str, prefixes: tuple[str, ...]) -> str:
    """A header's cell as it is compared, without the first of some prefixes that it has."""
    cell = cell.strip().removeprefix("\ufeff")
    found = next((prefix for prefix in prefixes if cell.lower().startswith(prefix)), "")
    return normalised(cell[len(found) :])


@dataclass(frozen=True)
class Rule:
    """How one canonical column comes about.

    From a vendor column (the first of `aliases` that the file has; of a flag any that is set), from
    an SQL `expression` over vendor columns written as "Column", or from a `constant`. `values`
    translates an enumeration, any other value becoming `otherwise`, if there is one. `negate` turns
    a number's sign,
    `is_minor` tells that it counts minor units, `numbers` how it writes them (None: as the others),
    `is_day` that it holds days and no moments. `not_blank` quarantines rows without a value, and
    `required` names the columns that a file must have to be recognised. `blank` is the text that
    stands for a blank. Instead `path` finds it in the file's path, its one group, and `is_sheet` is the
    name of the workbook's sheet. `lookup` names the look-up in which its value is a key.
    `is_salesforce_id` gives the key the form of 18 characters.
    """

    column: canonical.Column
    aliases: tuple[str, ...] = ()
    expression: str | None = None
    constant: str | None = None
    values: tuple[tuple[str, str | None], ...] = ()
    otherwise: tuple[str | None, ...] = ()
    required: bool = False
    not_blank: bool = False
    negate: bool = False
    is_minor: bool = False
    blank: str | None = None
    path: re.Pattern[str] | None = None
    is_sheet: bool = False
    lookup: str | None = None
    numbers: str | None = None
    is_day: bool = False
    is_salesforce_id: bool = False

    @property
    def is_any(self) -> bool:
        """Whether each of its vendor columns counts: a flag is set where any one of several is."""
        return self.column.type == canonical.BOOLEAN and len(self.aliases) > 1

    @cached_property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """The vendor columns it reads, each with its aliases."""
        if self.is_any:
            return tuple((alias,) for alias in self.aliases)
        return _inputs(self.aliases, self.expression)

    @property
    def is_truth(self) -> bool:
        """Whether `values` translates truth values, however they are written."""
        return are_truths([vendor for vendor, _ in self.values])


def are_truths(values: Sequence[str | None]) -> bool:
    """Whether some lower-case values, None standing for blank, are truth values: `true` or `false`."""
    some = {value for value in values if value is not None}
    return bool(some & {"true", "false"}) and some <= {*TRUE, *FALSE}


@dataclass(frozen=True)
class Filter:
    """Records that are left out on purpose, and why.

    `true` and `false` among `values` stand for all spellings of the truth values.

    Those where a vendor column is (or, `is_kept`, isn't) one of some lower-case `values`, None
    standing for blank; or those where an SQL `expression` over vendor columns holds.
    """

    reason: str
    aliases: tuple[str, ...] = ()
    values: tuple[str | None, ...] = ()
    is_kept: bool = False
    expression: str | None = None

    @cached_property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """The vendor columns it reads, each with its aliases."""
        return _inputs(self.aliases, self.expression)

    @property
    def is_truth(self) -> bool:
        """Whether it compares truth values, however they are written."""
        return are_truths(self.values)


@dataclass(frozen=True)
class Feed:
    """One kind of file of an export, and the canonical table it becomes.

    `sheet` names its sheet in a workbook (None: any), `records` the dotted paths of its records
    inside those of a JSON document (none: they themselves). `optional_when_empty`: there is no file
    of it where there is nothing to tell. `match_file_name`: a file is it only if its name fits
    `file_glob`, since another kind has the same columns. `skip_until_header`: lines may stand above
    its header, and lines with one filled cell among its records. `same_file_as` is the feed whose
    files are its own as well. `numbers` is how it writes them, None plainly.
    """

    name: str
    table: canonical.Table
    file_glob: str | None
    rules: tuple[Rule, ...]
    filters: tuple[Filter, ...]
    match_any: tuple[str, ...]
    match_none: tuple[str, ...]
    ignore_columns: tuple[str, ...]
    mode: str
    expected_every_days: int | None
    optional_when_empty: bool = False
    sheet: str | None = None
    records: tuple[str, ...] = ()
    match_file_name: bool = False
    skip_until_header: bool = False
    same_file_as: str | None = None
    numbers: str | None = None

    @property
    def reads_path(self) -> bool:
        """Whether the path of a file decides what becomes of it."""
        return any(rule.path for rule in self.rules)

    def located(self, path: str, sheet: str) -> "Feed":
        """The feed of a file that lies there, with what path and sheet give as constants."""
        return replace(self, rules=tuple(_located(rule, path, sheet) for rule in self.rules))

    @cached_property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """All vendor columns it reads, each with its aliases, each once."""
        parts: tuple[Rule | Filter, ...] = (*self.rules, *self.filters)
        return tuple(dict.fromkeys(i for part in parts for i in part.inputs))

    @cached_property
    def required(self) -> tuple[tuple[str, ...], ...]:
        """The vendor columns without which a file isn't this feed, each with its aliases."""
        match_any = (self.match_any,) if self.match_any else ()
        return (*(i for rule in self.rules if rule.required for i in rule.inputs), *match_any)

    def may_be(self, sheet: str, records: str) -> bool:
        """Whether it may stand on this sheet (empty: no workbook), at this path of a document."""
        on_sheet = not (sheet and self.sheet) or sheet.casefold() == str(self.sheet).casefold()
        return on_sheet and (records in self.records if records else not self.records)

    def hints_at(self, path: str) -> bool:
        """Whether a file's name is one that such files have."""
        name = path.rsplit("/", 1)[-1].lower()
        return bool(self.file_glob) and fnmatchcase(name, str(self.file_glob).lower())


@dataclass(frozen=True)
class Fit:
    """How a header fits a feed: needed columns that it lacks, ones that rule it out, how many it has.

    `others` counts the header's columns that the feed doesn't know.
    """

    feed: Feed
    missing: tuple[str, ...]
    foreign: tuple[str, ...]
    matched: int
    others: int


@dataclass(frozen=True)
class DeclaredDelivery:
    """What a path says of its delivery.

    `key` is common to the delivery's files, `declared_on` the day by which it is ordered, `covers_on` the
    last day that it declares covered. Not `is_keyed`: the key is only the path.
    """

    key: str
    declared_on: date | None
    covers_on: date | None
    is_keyed: bool


@dataclass(frozen=True)
class Mapping:
    """One vendor's export: its feeds, how it writes values, and how its deliveries are told apart.

    `timezone` None stands for the company's reporting time zone, `dates` for ISO, `currency` for
    no amount without one. `minor_units` gives the decimals of amounts in minor units by currency,
    the first entry being the default. `delivery_dates` is the order of day and month in dates of paths
    whose year stands last (None: such are no dates). `prefixes` of column names don't count. `ignore_files`
    are patterns of files that are no exports, `exclude_files` of files that are left out on purpose.
    `honours` names the vendor's flags that count, each with what becomes of such a record, for readers.
    """

    name: str
    title: str
    system: str
    timezone: str | None
    delivery_key: re.Pattern[str] | None
    key_is_covered_day: bool
    delivery_dates: str | None
    nulls: tuple[str, ...]
    dates: str | None
    currency: str | None
    minor_units: tuple[tuple[str, int], ...]
    prefixes: tuple[str, ...]
    ignore_files: tuple[str, ...]
    feeds: tuple[Feed, ...]
    file: Path
    honours: tuple[tuple[str, str], ...] = ()
    exclude_files: tuple[str, ...] = ()
    reject_mostly_unknown: bool = False

    def feed(self, name: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.name == name), None)

    def delivery(self, path: str, member: str = "") -> DeclaredDelivery:
        """The delivery a file belongs to.

        Its key is what `delivery_key` finds, else the day that the file's name declares, or the nearest
        of its folders. A path without either is a delivery of its own, whatever it is packed in. The
        members of an archive are one delivery, unless a key stands in their path in it.
        """
        bare = path
        for suffix in PACKAGING:
            bare = bare.removesuffix(suffix)
        inside = f"{bare}/{member}" if member else path
        steps = (declared_day(step, self.delivery_dates) for step in reversed(inside.split("/")))
        declared = next((day for day in steps if day), None)
        found = None
        if self.delivery_key:
            found = self.delivery_key.search(inside) or self.delivery_key.search(path)
        if found:
            key = found.group(1)
            own = declared_day(key, self.delivery_dates)
            day = own.day if own and not own.is_month else None
            covers_on = day if self.key_is_covered_day else None
            by = own or declared
            return DeclaredDelivery(
                day.isoformat() if day else key, by.day if by else None, covers_on, is_keyed=True
            )
        if declared:
            return DeclaredDelivery(declared.key, declared.day, None, is_keyed=True)
        return DeclaredDelivery(bare, None, None, is_keyed=False)

    def columns(self, header: tuple[str, ...]) -> tuple[str, ...]:
        """A header's cells as they are compared: one with a prefix goes before one without."""
        if not self.prefixes:
            return tuple(map(normalised, header))
        names = [_without(cell, self.prefixes) for cell in header]
        plain = [normalised(cell) for cell in header]
        inner = {name for name, cell in zip(names, plain, strict=True) if name != cell}
        return tuple(
            f".{name}" if name in inner and name == cell else name
            for name, cell in zip(names, plain, strict=True)
        )

    @cached_property
    def fits(self) -> dict[tuple[str, ...], tuple["Fit", ...]]:
        """How headers that were looked at fit each feed: most files of an export have the same."""
        return {}

    def fit(self, header: tuple[str, ...]) -> tuple["Fit", ...]:
        """How well a header fits each feed."""
        known = self.fits.get(header)
        if known is None:
            if len(self.fits) >= HEADERS_KEPT:
                self.fits.clear()
            found = frozenset(self.columns(header))
            known = self.fits[header] = tuple(_fit(feed, found) for feed in self.feeds)
        return known

    def feeds_of(self, feed: Feed, header: tuple[str, ...]) -> tuple[Feed, ...]:
        """A file's feeds: its own first, and those that are made of the same file."""
        sharing = (fit for fit in self.fit(header) if fit.feed.same_file_as == feed.name)
        return (feed, *(fit.feed for fit in sharing if not fit.missing and not fit.foreign))

    def used_besides(self, feed: Feed) -> tuple[str, ...]:
        """The vendor columns that other feeds take from the files of one."""
        files_of = feed.same_file_as or feed.name
        sharing = [f for f in self.feeds if files_of in (f.name, f.same_file_as) and f.name != feed.name]
        return tuple(name for other in sharing for aliases in other.inputs for name in aliases)

    def is_log(self, path: str) -> bool:
        """Whether a file's name is that of a log of the vendor's own."""
        name = path.rsplit("/", 1)[-1].lower()
        return any(fnmatchcase(name, pattern.lower()) for pattern in self.ignore_files)

    def excludes(self, path: str) -> str | None:
        """The pattern by which a file is left out: one that its path or its name fits."""
        names = path.lower(), path.rsplit("/", 1)[-1].lower()
        fitting = (p for p in self.exclude_files if any(fnmatchcase(name, p.lower()) for name in names))
        return next(fitting, None)

    def settled(
        self,
        timezone: str | None,
        dates: str | None,
        numbers: str | None,
        currency: str | None,
        expected_every_days: int | None,
        mode: str | None,
        exclude_files: tuple[str, ...] = (),
        delivery_dates: str | None = None,
    ) -> "Mapping":
        """The mapping with what a source says of its own files."""
        feeds = (
            replace(
                feed,
                expected_every_days=expected_every_days or feed.expected_every_days,
                mode=mode or feed.mode,
                numbers=numbers or feed.numbers,
            )
            for feed in self.feeds
        )
        return replace(
            self,
            timezone=timezone or self.timezone,
            dates=dates or self.dates,
            currency=currency or self.currency,
            exclude_files=(*self.exclude_files, *exclude_files),
            delivery_dates=delivery_dates or self.delivery_dates,
            feeds=tuple(feeds) if expected_every_days or mode or numbers else self.feeds,
        )

    def digest(self, feed: Feed, reporting_zone: str) -> str:
        """A hash of all that decides what a file of a feed becomes."""
        told = (
            feed, self.timezone or reporting_zone, reporting_zone, self.nulls, self.dates,
            self.currency, self.minor_units, self.prefixes, self.delivery_key and self.delivery_key.pattern,
            self.key_is_covered_day, self.delivery_dates,
        )  # fmt: skip
        return hashlib.sha256(repr(told).encode()).hexdigest()


Mappings = dict[str, Mapping]


def _located(rule: Rule, path: str, sheet: str) -> Rule:
    if rule.is_sheet:
        return replace(rule, constant=sheet.strip() or None)
    found = rule.path.search(path) if rule.path else None
    return replace(rule, constant=(found.group(1) or "").strip() or None) if found else rule


def _fit(feed: Feed, found: frozenset[str]) -> Fit:
    def is_there(aliases: tuple[str, ...]) -> bool:
        return any(normalised(alias) in found for alias in aliases)

    return Fit(
        feed,
        missing=tuple(aliases[0] for aliases in feed.required if not is_there(aliases)),
        foreign=tuple(name for name in feed.match_none if is_there((name,))),
        matched=sum(map(is_there, feed.inputs)),
        others=len(found - {normalised(alias) for aliases in feed.inputs for alias in aliases}),
    )


def _inputs(aliases: tuple[str, ...], expression: str | None) -> tuple[tuple[str, ...], ...]:
    if expression is not None:
        return tuple((name,) for name in identifiers(expression))
    return (aliases,) if aliases else ()
