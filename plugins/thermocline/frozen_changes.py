"""A table that was frozen before, brought up to date by what models noted since (see `frozen_notes`).

Parts without a change are linked. Of the others the file is linked as well, and the rows that went and came
since it was written stand in a small one beside it (see `frozen_part`), until they are too many. A part's
hashes are made from those of all its rows, of which only the noted ones are made anew (see `sorted_hashes`).

What is noted must fit: the rows that went must have been frozen, the warehouse must have as many rows of each
part as result, and of one part in turn the same fingerprint of all rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline import contract, frozen_part, hashing, kept_row_hashes
from thermocline.frozen_notes import Noted
from thermocline.frozen_part import CHANGE, FrozenFile, FrozenPart, UpToDate, changes_of
from thermocline.hashing import WHOLE, literal, parquet, quoted
from thermocline.kept_row_hashes import Fingerprint
from thermocline.row_hashes import Words, hash_at, of_hex
from thermocline.sorted_hashes import SortedHashes

MOST_CHANGED = 0.1
"""Beyond this share of a part's rows, those that came since its file was written have it written anew."""

MOST_NOTED = 500_000
"""Notes of a table beyond which all its rows are looked at: half a gigabyte of hashes."""

TURNS = 4
"""One freezing in so many compares a part with the warehouse, row by row: each part in its turn."""

_NET = "temp.main.thermocline_rows_changed"
_PART, _TOTAL, _HASHES = "thermocline part", "thermocline fingerprint", "thermocline hashes"


@dataclass(frozen=True)
class _Rows:
    """Of rows of a part the sum of their fingerprints, and their hashes."""

    total: int
    hashes: Words


@dataclass(frozen=True)
class _Part:
    """One that may have changed: as it was frozen, if it was, and the rows that went and came since."""

    name: str
    frozen: FrozenPart | None
    gone: _Rows
    come: _Rows

    @property
    def rows(self) -> int:
        return (self.frozen.rows if self.frozen else 0) + len(self.come.hashes) - len(self.gone.hashes)

    @property
    def total(self) -> int:
        """The sum of the rows' fingerprints; of a frozen part it must be known."""
        frozen = (self.frozen.total if self.frozen else None) or 0
        return frozen + self.come.total - self.gone.total


@dataclass(frozen=True)
class Updating:
    """Brings one table up to date.

    folder: where the new files go. kept: of `kept_row_hashes`; hashes in order are kept beside it.
    """

    connection: duckdb.DuckDBPyConnection
    query: str
    columns: Mapping[str, str]
    noted: Noted
    folder: Path
    kept: Path

    def made(self) -> UpToDate | None:
        """None, and no files, where what was noted doesn't fit."""
        earlier, month = self.noted.table, self._month
        if list(self.columns.items()) != list(earlier.columns.items()) or not {*self._key} <= {*self.columns}:
            return None
        if (month is None) != (WHOLE in earlier.parts) or any(
            part.total is None for part in earlier.parts.values()
        ):
            return None
        try:
            parts = self._parts()
            if parts is None or self._counted() != {part.name: part.rows for part in parts} or not parts:
                return None
            found = {part.name: self._frozen(part) for part in parts}
            held = {name: part for name, part in found.items() if part}
            others = found.keys() - held.keys()
            if WHOLE in others or not self._fits(held):
                for file in (file for part in held.values() for file in part.files):
                    file.path.unlink()
                return None
        finally:
            self.connection.execute(f"drop table if exists {_NET}")
        for path in self._ordered.iterdir() if self._ordered.is_dir() else ():
            if path.stem not in held:
                path.unlink()
        return UpToDate(held, others)

    @property
    def _month(self) -> str | None:
        return contract.MONTHLY.get(self.noted.table.name)

    @property
    def _key(self) -> tuple[str, ...]:
        return contract.KEYS[self.noted.table.name]

    @property
    def _ordered(self) -> Path:
        return self.kept.with_name(f"{self.kept.name}.ordered")

    def _parts(self) -> list[_Part] | None:
        """All that have rows. None where rows can't be told apart, or too many changed."""
        [(notes,)] = self.connection.execute(f"select count(*) from ({self.noted.changes})").fetchall()
        if notes > MOST_NOTED:
            return None
        part = hashing.month_of(self._month) if self._month else literal(WHOLE)
        names = ", ".join(map(quoted, self.columns))
        self.connection.execute(
            f"create or replace temporary table {_NET} as select {part} as {quoted(_PART)}, {names}, "
            f"sum(change)::integer as {CHANGE} from ({self.noted.changes}) "
            "group by all having sum(change) <> 0"
        )
        beside = {
            _PART: quoted(_PART),
            CHANGE: CHANGE,
            _TOTAL: kept_row_hashes.fingerprint(self.columns),
        }
        hashed = hashing.row_hashes_of(_NET, self.columns, beside)
        found: dict[str, Any] = self.connection.execute(
            f"select * from ({hashed}) as hashed({', '.join(map(quoted, (*beside, _HASHES)))})"
        ).fetchnumpy()
        names_of, changes = found[_PART].astype(str), found[CHANGE]
        if len(changes) and abs(changes).max() > 1:
            return None
        hashes = of_hex(found[_HASHES].tolist(), hashing.hashes_per_row(self.columns))
        parts = []
        for name in sorted({*self.noted.table.parts, *names_of.tolist()}):
            gone, come = (
                _Rows(kept_row_hashes.total(found[_TOTAL][chosen]), hashes[chosen])
                for chosen in ((names_of == name) & (changes == change) for change in (-1, 1))
            )
            parts.append(_Part(name, self.noted.table.parts.get(name), gone, come))
        return [part for part in parts if part.rows]

    def _counted(self) -> dict[str, int]:
        """The rows of each part that the warehouse has."""
        if self._month:
            # By day first: DuckDB counts what lies in a small range in an array.
            days = f"select {quoted(self._month)}, count(*) as number from ({self.query}) group by all"
            part = hashing.month_of(self._month)
            counted = f"select {part}, sum(number)::bigint from ({days}) group by all"
        else:
            counted = f"select {literal(WHOLE)}, count(*) from ({self.query})"
        return dict(self.connection.execute(counted).fetchall())

    def _frozen(self, part: _Part) -> FrozenPart | None:
        """None where it must be written from the warehouse."""
        place = frozen_part.file_of(self.folder, self.noted.table.name, part.name)
        if part.frozen is None:
            return None
        if not len(part.gone.hashes) and not len(part.come.hashes):
            return part.frozen.linked(place)
        hashes = self._changed_hashes(part, part.frozen)
        file = part.frozen.file.linked(place) if hashes else None
        if hashes is None or file is None:
            return None
        try:
            changes = self._changes(part, part.frozen, place)
        except _TooMany:
            place.unlink()
            changes_of(place).unlink(missing_ok=True)
            return None
        for kind, each in zip(("content", "stored"), hashes, strict=False):
            each.write(self._ordered / f"{part.name}.{kind}")
        return replace(
            part.frozen,
            file=file,
            rows=part.rows,
            content_hash=hashes[0].part_hash,
            stored_hash=hashes[-1].part_hash,
            fingerprint=Fingerprint.of(part.rows, part.total, self.columns).text if self._month else None,
            total=part.total,
            changes=changes,
        )

    def _changed_hashes(self, part: _Part, frozen: FrozenPart) -> list[SortedHashes] | None:
        """By content, and by all columns where these are more."""
        changed: list[SortedHashes] = []
        kept: Words | None = None
        wanted = [frozen.content_hash, frozen.stored_hash][: hashing.hashes_per_row(self.columns)]
        for number, (kind, part_hash) in enumerate(zip(("content", "stored"), wanted, strict=False)):
            before = SortedHashes.read(self._ordered / f"{part.name}.{kind}", str(part_hash))
            if before is None:
                if kept is None:
                    kept = kept_row_hashes.kept_hashes(self.kept / part.name, self.columns)
                before = SortedHashes.of(hash_at(kept, number))
            if before.part_hash != part_hash:
                return None
            after = before.changed(hash_at(part.gone.hashes, number), hash_at(part.come.hashes, number))
            if after is None:
                return None
            changed.append(after)
        return changed

    def _changes(self, part: _Part, frozen: FrozenPart, place: Path) -> FrozenFile | None:
        """What changed since the part's file was written, if anything did."""
        names = ", ".join(map(quoted, self.columns))
        sides = [f"select {names}, {CHANGE} from {_NET} where {quoted(_PART)} = {literal(part.name)}"]
        if frozen.changes:
            sides.append(f"select {names}, {CHANGE} from {parquet(frozen.changes.path)}")
            if not frozen.changes.is_intact:
                raise _TooMany
        path = frozen_part.written(
            self.connection,
            f"select {names}, sum({CHANGE})::integer as {CHANGE} from ({' union all '.join(sides)}) "
            f"group by all having sum({CHANGE}) <> 0",
            changes_of(place),
        )
        changes, base = parquet(path), parquet(frozen.path)
        [(come, gone, found, twice)] = self.connection.execute(
            f"select count(*) filter ({CHANGE} > 0), count(*) filter ({CHANGE} < 0), "
            f"(select count(*) from {frozen_part.gone_from(base, changes, self._key)}), "
            f"count(*) filter (abs({CHANGE}) > 1) from {changes}"
        ).fetchall()
        if come > MOST_CHANGED * part.rows or found != gone or twice:
            raise _TooMany
        if come or gone:
            return FrozenFile.of(path)
        path.unlink()
        return None

    def _fits(self, held: Mapping[str, FrozenPart]) -> bool:
        """Whether the warehouse has the very rows of the part whose turn it is, by their fingerprints."""
        turn = int(self.noted.table.hashes.stored, 16) % (TURNS * max(1, len(held)))
        for name in sorted(held)[turn : turn + 1]:
            inside = hashing.in_months(self._month, [name]) if self._month else "true"
            total = f"sum({kept_row_hashes.fingerprint(self.columns)})"
            found = self.connection.execute(f"select {total} from ({self.query}) where {inside}").fetchall()
            return found == [(held[name].total,)]
        return True


class _TooMany(Exception):
    """Changes that can't stand beside a part's file."""
