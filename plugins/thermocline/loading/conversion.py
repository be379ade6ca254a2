"""From a feed's vendor columns to its canonical ones: one SELECT, with every refusal named.

A record is read as texts. Each canonical column goes from its text through `values` to its type.
The first column, in canonical order, that can't be read refuses the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from thermocline.loading.refusals import NOT_TRUE_OR_FALSE, Check, checks_of, checks_of_calls
from thermocline.loading.written_numbers import read_number
from thermocline.loading.written_values import calendar_day, iso, minor_unit, nullable
from thermocline.mapping.canonical import BOOLEAN, DATE, INTEGER, TIMESTAMP
from thermocline.mapping.casting import (
    FALSE,
    SPACE,
    TRUE,
    computed_number,
    day,
    is_among,
    key,
    key_text,
    literals,
    midnight,
    timestamp,
    trimmed,
    truth,
)
from thermocline.mapping.expressions import NUMBER, TRUTH, Call, substituted
from thermocline.mapping.model import Feed, Filter, Mapping, Rule, normalised
from thermocline.sql import literal

LONGEST_VALUE = 200
COMPUTED_WITH = "decimal(24, 6)"


@dataclass(frozen=True)
class Conversion:
    """How files with one header become rows of a feed's table.

    `zone` is the one of values without a zone; the session has to be in it. `used_besides` are vendor
    columns that other feeds take from the same files.
    """

    feed: Feed
    zone: str
    reporting_zone: str
    header: tuple[str, ...]
    nulls: tuple[str, ...]
    dates: str | None = None
    currency: str | None = None
    columns: tuple[str, ...] = ()
    minor_units: tuple[tuple[str, int], ...] = ()
    digest: str = ""
    used_besides: tuple[str, ...] = ()

    @classmethod
    def of(cls, mapping: Mapping, feed: Feed, header: tuple[str, ...], reporting_zone: str) -> "Conversion":
        return cls(
            _with_currency(feed) if mapping.currency else feed,
            mapping.timezone or reporting_zone,
            reporting_zone,
            header,
            mapping.nulls,
            mapping.dates,
            mapping.currency,
            mapping.columns(header),
            mapping.minor_units,
            mapping.digest(feed, reporting_zone),
            mapping.used_besides(feed),
        )

    def position(self, aliases: tuple[str, ...]) -> int | None:
        """Where the first of some vendor columns that the file has stands in it."""
        cells = self.columns
        return next((cells.index(a) for a in map(normalised, aliases) if a in cells), None)

    @property
    def unmapped(self) -> tuple[str, ...]:
        """The header's columns that the mapping neither uses nor knows to be of no use."""
        used = {self.position(aliases) for aliases in self.feed.inputs}
        known = {normalised(alias) for aliases in self.feed.inputs for alias in aliases}
        known |= {
            normalised(name) for name in (*self.feed.ignore_columns, *self.feed.match_any, *self.used_besides)
        }
        cells = self.columns
        return tuple(
            cell
            for n, cell in enumerate(self.header)
            if n not in used and (cells[n] not in known or cells.index(cells[n]) != n)
        )

    def document(self, cells: Sequence[str]) -> str | None:
        """The own key of a record that couldn't be split into its columns, where it shows one."""
        rule = next((r for r in self.feed.rules if r.column.name == self.feed.table.key), None)
        at = self.position(rule.aliases) if rule and rule.aliases else None
        return key_text(cells[at].strip(SPACE)) or None if at is not None and at < len(cells) else None

    @property
    def rules(self) -> list[Rule]:
        """The rules that give something for this header, in canonical order."""
        rules = {rule.column.name: rule for rule in self.feed.rules if self._applies(rule)}
        return [rules[column.name] for column in self.feed.table.columns if column.name in rules]

    @property
    def checks(self) -> list[Check]:
        """What a record is looked through for, in this order; the first that holds counts."""
        filters = [check for left_out in self._filters for check in self._checks_of_filter(left_out)]
        checks = [*filters, *(check for rule in self.rules for check in checks_of(self, rule))]
        return list({(check.condition, check.column): check for check in checks}.values())

    def select(self, reader: str, file_id: str, record: str) -> str:
        """SELECT over `reader`, which gives the cells as c0, c1, ...: a row per record.

        Gives the canonical columns, `file_id`, `record`, `money`, `document_id`, and for a record
        that is refused `problem` (the check's number, from 1) and `value`.
        """
        rules = self.rules
        table = self.feed.table
        given = [f"{self._given(rule)} as t_{rule.column.name}" for rule in rules]
        typed = [f"{self._typed(rule)} as {rule.column.name}" for rule in rules]
        names = [rule.column.name for rule in rules]
        cases = [f"when {check.condition} then {n}" for n, check in enumerate(self.checks, 1)]
        values = [f"when {n} then {check.value}" for n, check in enumerate(self.checks, 1)]
        problem = f"case {' '.join(cases)} end" if cases else "null"
        value = (
            f"case when problem is not null then case problem {' '.join(values)} end end"
            if values
            else "null"
        )
        money = table.money if table.money in names else "null"
        key = table.key if table.key in names else "null"
        return f"""
            select {", ".join(names)}, file_id, record,
                cast({money} as decimal(38, 4)) as money, {key} as document_id,
                cast(problem as smallint) as problem,
                left({value}, {LONGEST_VALUE}) as value
            from (
                select *, {problem} as problem
                from (
                    select *, {", ".join(typed)}
                    from (
                        select file_id, record, columns('v\\d+'), {", ".join(given)}
                        from (
                            select {file_id} as file_id, {record} as record, {self._cells()}
                            from {reader}
                        )
                    )
                )
            )
        """

    @property
    def _filters(self) -> list[Filter]:
        """The filters of which the file has a column."""
        return [f for f in self.feed.filters if any(self.position(i) is not None for i in f.inputs)]

    def _checks_of_filter(self, left_out: Filter) -> list[Check]:
        """A filter, after what its cells refuse a record for: it decides nothing that it can't read."""
        checks = []
        if left_out.expression is not None:
            checks = checks_of_calls(self, left_out.expression)
        elif left_out.is_truth:
            cell = self.cell(left_out.aliases)
            unread = f"{cell} is not null and {truth(cell)} is null"
            checks = [Check(unread, self.name_of(left_out.aliases), NOT_TRUE_OR_FALSE, cell)]
        return [*checks, Check(self._left_out(left_out), "", left_out.reason, "null")]

    def _left_out(self, left_out: Filter) -> str:
        if left_out.expression is not None:
            return f"coalesce(try(({self._resolved(left_out.expression)})), false)"
        cell = f"lower({self.cell(left_out.aliases)})"
        some = [value for value in left_out.values if value is not None]
        if left_out.is_truth:
            cell = f"cast({truth(self.cell(left_out.aliases))} as varchar)"
            some = ["true" if value in TRUE else "false" for value in some]
        found = f"coalesce({cell} in ({literals(some)}), false)" if some else "false"
        if None in left_out.values:
            found = f"({found} or {cell} is null)"
        return f"not {found}" if left_out.is_kept else found

    def _applies(self, rule: Rule) -> bool:
        return (
            rule.not_blank
            or rule.constant is not None
            or (rule.column.name == "currency" and self.currency is not None)
            or any(self.position(aliases) is not None for aliases in rule.inputs)
        )

    def _cells(self) -> str:
        """The vendor columns that are used, trimmed, blank ones and the mapping's nulls as null."""
        used = {self.position(aliases) for aliases in self.feed.inputs}
        cells = []
        for n in sorted(n for n in used if n is not None):
            cell = trimmed(f"c{n}")
            for null in self.nulls:
                cell = f"nullif({cell}, {literal(null)})"
            cells.append(f"{cell} as v{n}")
        return ", ".join(cells)

    def cell(self, aliases: tuple[str, ...]) -> str:
        """The first of some vendor columns that the file has, as SQL: trimmed, null where blank."""
        position = self.position(aliases)
        return "cast(null as varchar)" if position is None else f"v{position}"

    def first_of(self, names: tuple[str, ...]) -> str:
        """Of some vendor columns the first one that is filled, as SQL."""
        cells = list(dict.fromkeys(self.cell((n,)) for n in names if self.position((n,)) is not None))
        return f"coalesce({', '.join(cells)})" if len(cells) > 1 else cells[0] if cells else self.cell(())

    def name_of(self, aliases: tuple[str, ...]) -> str:
        """What the file calls the first of some vendor columns that it has."""
        position = self.position(aliases)
        return aliases[0] if position is None else self.header[position]

    def numbers(self, rule: Rule | None = None) -> str | None:
        """How numbers are written, of a rule or of the feed."""
        return (rule.numbers if rule else None) or self.feed.numbers

    def has_number(self, cell: str, numbers: str | None) -> bool:
        """Whether a rule of a number's column reads just this cell, and so checks it."""
        return any(
            (rule.column.is_decimal and not rule.values and rule.aliases)
            and (self.cell(rule.aliases), self.numbers(rule)) == (cell, numbers)
            for rule in self.rules
        )

    def reading(self, call: Call, numbers: str | None) -> str:
        """What an expression reads of a cell, as SQL."""
        cell = self.first_of(call.columns)
        if call.reader == NUMBER:
            return read_number(cell, COMPUTED_WITH, numbers)
        if call.reader == TRUTH:
            return truth(cell)
        return calendar_day(iso(cell, self.dates, is_day=True))

    def _given(self, rule: Rule) -> str:
        """What a canonical column is made of: a text, or what an expression gives."""
        if rule.constant is not None:
            return literal(rule.constant)
        if rule.column.name == "currency" and self.currency:
            named = (
                self.cell(rule.aliases) if rule.expression is None else self._resolved(rule.expression, rule)
            )
            return f"coalesce(cast(({named}) as varchar), {literal(self.currency)})"
        if rule.is_any:
            given = self._any(rule)
        elif rule.expression is None:
            given = self.cell(rule.aliases)
        else:
            given = f"try(({self._resolved(rule.expression, rule)}))"
        if rule.is_salesforce_id:
            given = f"raw.salesforce_id({given})"
        if rule.blank is None:
            return given
        cells = ", ".join(self.cell(aliases) for aliases in rule.inputs)
        return f"case when coalesce({cells}) is null then {literal(rule.blank)} else {given} end"

    def _any(self, rule: Rule) -> str:
        """The first of several flags that isn't false, whatever it is; else one that is."""
        cells = [self.cell(i) for i in rule.inputs if self.position(i) is not None]
        others = [f"case when lower({cell}) not in ({literals(FALSE)}) then {cell} end" for cell in cells]
        return f"coalesce({', '.join((*others, *cells))})"

    @property
    def currency_text(self) -> str:
        """The record's currency as written, as SQL."""
        names = [rule.column.name for rule in self.rules]
        return "cast(t_currency as varchar)" if "currency" in names else "cast(null as varchar)"

    def _resolved(self, expression: str, rule: Rule | None = None) -> str:
        """An expression over vendor columns, with their cells put in."""
        numbers = self.numbers(rule)
        return substituted(
            expression, lambda name: self.cell((name,)), lambda call: self.reading(call, numbers)
        )

    def text(self, rule: Rule) -> str:
        """What a canonical column is made of, as SQL for a text."""
        given = f"t_{rule.column.name}"
        return given if rule.expression is None else f"cast({given} as varchar)"

    def translated(self, rule: Rule) -> str:
        """The text after `values`; an enumeration's own values need no translation."""
        text = self.text(rule)
        if rule.values:
            cases = " ".join(
                f"when {literal(vendor)} then {nullable(value)}" for vendor, value in rule.values
            )
            other = nullable(rule.otherwise[0] if rule.otherwise else None)
            compared = f"lower({text})"
            if rule.is_truth:
                compared = f"cast({truth(text)} as varchar)"
                cases = " ".join(
                    f"when '{'true' if vendor in TRUE else 'false'}' then {nullable(value)}"
                    for vendor, value in rule.values
                )
            return f"case {compared} {cases} else case when {text} is not null then {other} end end"
        if rule.column.accepted:
            return is_among(text, literals(rule.column.accepted))
        return text

    def _typed(self, rule: Rule) -> str:
        text = self.translated(rule)
        kind = rule.column.type
        if kind == DATE:
            return day(self._written(rule), self.reporting_zone)
        if kind == TIMESTAMP:
            written = self._written(rule)
            moment = timestamp(written, self.zone if self.dates is None else None)
            if self.zone == self.reporting_zone:
                return moment
            # A day without a time is a day of the calendar, wherever the clock stands.
            day_begins = midnight(written, self.reporting_zone)
            return f"case when length({written}) > 10 then {moment} else {day_begins} end"
        if kind == BOOLEAN:
            return truth(text)
        if kind == INTEGER:
            whole = read_number(text, "decimal(18, 4)", self.numbers(rule))
            return f"case when {whole} = trunc({whole}) then try_cast({whole} as integer) end"
        if rule.column.is_decimal:
            if rule.is_minor:
                unit = minor_unit(self.currency_text, self.minor_units)
                counted = read_number(text, COMPUTED_WITH, self.numbers(rule))
                read = f"try_cast({counted} * {unit} as {kind})"
            elif rule.expression is not None and not rule.values:
                given = f"t_{rule.column.name}"
                by_text = read_number(text, kind, self.numbers(rule))
                read = computed_number(given, kind, by_text)
            else:
                read = read_number(text, kind, None if rule.values else self.numbers(rule))
            return f"-{read}" if rule.negate else read
        return key(text) if rule.column.is_key and rule.constant is None else text

    def _written(self, rule: Rule) -> str:
        """A date's text as ISO, without a time where the column holds days."""
        written = iso(self.translated(rule), self.dates, rule.is_day)
        return calendar_day(written) if rule.is_day else written


def _with_currency(feed: Feed) -> Feed:
    """The feed with a rule for the currency, where its table has one."""
    column = feed.table.column("currency")
    if column is None or any(rule.column is column for rule in feed.rules):
        return feed
    return replace(feed, rules=(*feed.rules, Rule(column)))
