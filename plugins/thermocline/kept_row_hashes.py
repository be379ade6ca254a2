"""What rows were hashed to, kept by what they hold, so that the next freezing hashes rows that changed.

Of each row of a part two fingerprints (64-bit hashes of its cells in this version of DuckDB, in either
order of the columns) and its SHA-256. A part's hashes are always made from those of all its rows; a row
whose two fingerprints aren't kept is hashed. It is a cache: what is missing, damaged or of another shape
counts for nothing.

A file holds the SHA-256 of its shape, the number of rows, then in order of the first fingerprint all first
fingerprints, all second ones and all hashes, and last the SHA-256 of everything before.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from thermocline import hashing
from thermocline.hashing import PartHash, quoted
from thermocline.row_hashes import Words, of_hex

ROWS_AT_ONCE = 1_000_000
"""Row hashes that are fetched together, about 400 MB."""

FIRST, SECOND = "first fingerprint", "second fingerprint"
_DIGEST = 32


@dataclass(frozen=True)
class HashedRows:
    """One row each of a part, in order of `first`."""

    first: Words
    second: Words
    hashes: Words

    def places(self, first: Words, second: Words) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Where the rows with these fingerprints are, and whether they are there at all."""
        if not len(self.first):
            return np.zeros(len(first), dtype=np.intp), np.zeros(len(first), dtype=np.bool_)
        places = np.searchsorted(self.first, first)
        places[places == len(self.first)] = 0
        return places, (self.first[places] == first) & (self.second[places] == second)


@dataclass(frozen=True)
class Fingerprint:
    """Of rows their number and the sum of their first fingerprints, and what these are made of."""

    rows: int
    total: int
    shape: str

    @classmethod
    def of(cls, rows: int, total: int, columns: Mapping[str, str]) -> "Fingerprint":
        return cls(rows, total, f"{duckdb.__version__} {list(columns.items())}")

    @property
    def text(self) -> str:
        return hashlib.sha256(f"{self.shape} {self.rows} {self.total}".encode()).hexdigest()


def fingerprint(columns: Iterable[str]) -> str:
    """The first fingerprint of a row, in SQL."""
    return f"hash({', '.join(map(quoted, columns))})"


def hash_part(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], kept: Path | None
) -> tuple[PartHash, int]:
    """A part's hashes, and the sum of its rows' first fingerprints; `kept` is read and brought up to date."""
    shape = _shape(columns)
    known = _read(kept, shape, 4 * hashing.hashes_per_row(columns))
    if not len(known.first):
        [(rows,)] = connection.execute(f"select count(*) from {relation}").fetchall()
        made = _made(connection, relation, columns, np.empty(rows, dtype=np.uint64), is_few=False)
        if kept:
            _write(kept, shape, made)
        return hashing.part_of_rows(made.hashes), total(made.first)
    selected = ", ".join(f"{sql} as {quoted(name)}" for name, sql in _fingerprints(columns).items())
    found = _fetched(connection, f"select {selected} from {relation}")
    # In an order, in which they are looked up fast, and kept.
    order = np.argsort(found[FIRST])
    first, second = found[FIRST][order], found[SECOND][order]
    places, is_known = known.places(first, second)
    hashes = np.empty((len(first), known.hashes.shape[1]), dtype=np.uint64)
    # Those of others are put in their place below.
    np.take(known.hashes, places, axis=0, out=hashes, mode="clip")
    if not is_known.all():
        wanted = first[~is_known]
        made = _made(connection, relation, columns, wanted, is_few=2 * len(wanted) < len(first))
        places, is_made = made.places(wanted, second[~is_known])
        if not is_made.all():
            # Different rows share a first fingerprint: here they can't be told apart.
            made = _made(connection, relation, columns, first, is_few=False)
            return hashing.part_of_rows(made.hashes), total(first)
        hashes[~is_known] = made.hashes[places]
    if kept:
        _write(kept, shape, HashedRows(first, second, hashes))
    return hashing.part_of_rows(hashes), total(first)


def kept_hashes(path: Path, columns: Mapping[str, str]) -> Words:
    """The hashes of all rows of the part for which they were kept; none where they can't be used."""
    return _read(path, _shape(columns), 4 * hashing.hashes_per_row(columns)).hashes


def _shape(columns: Mapping[str, str]) -> bytes:
    return hashlib.sha256(f"{duckdb.__version__} {columns} {_query('rows', columns)}".encode()).digest()


def _fingerprints(columns: Mapping[str, str]) -> dict[str, str]:
    return {FIRST: fingerprint(columns), SECOND: fingerprint(reversed(list(columns)))}


def _query(relation: str, columns: Mapping[str, str], condition: str = "true") -> str:
    wanted = f"(select * from {relation} where {condition})"
    return hashing.row_hashes_of(wanted, columns, _fingerprints(columns))


def _made(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, str],
    wanted: Words,
    *,
    is_few: bool,
) -> HashedRows:
    """Rows hashed now: those with these first fingerprints, or, if they aren't few, all."""
    first = fingerprint(columns)
    condition = f"{first} in (select unnest(?::ubigint[]))" if is_few else "true"
    parameters = [np.unique(wanted).tolist()] if is_few else []
    slices = 1 + len(wanted) // ROWS_AT_ONCE
    made = []
    for number in range(slices):
        query = _query(relation, columns, f"{condition} and {first} % {slices} = {number}")
        firsts, seconds, texts = _fetched(connection, query, *parameters).values()
        made.append((firsts, seconds, of_hex(texts.tolist(), hashing.hashes_per_row(columns))))
    return _ordered(*(np.concatenate(each) for each in zip(*made, strict=True)))


def _fetched(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> dict[str, Any]:
    """Arrays by column."""
    fetched: dict[str, Any] = connection.execute(query, list(parameters)).fetchnumpy()
    return fetched


def _ordered(first: Words, second: Words, hashes: Words) -> HashedRows:
    order = np.argsort(first)
    return HashedRows(first[order], second[order], np.take(hashes, order, axis=0))


def total(first: Words) -> int:
    """The sum of fingerprints, beyond 64 bits."""
    half = np.uint64(32)
    return (int((first >> half).sum()) << 32) + int((first & np.uint64(2**32 - 1)).sum())


def _read(path: Path | None, shape: bytes, width: int) -> HashedRows:
    nothing = np.empty(0, dtype=np.uint64)
    empty = HashedRows(nothing, nothing, nothing.reshape(0, width))
    try:
        content = memoryview(path.read_bytes()) if path else memoryview(b"")
    except OSError:
        return empty
    body = content[:-_DIGEST]
    if body[:_DIGEST] != shape or hashlib.sha256(body).digest() != content[-_DIGEST:]:
        return empty
    numbers = np.frombuffer(body[_DIGEST:], dtype=np.uint64)
    rows = int(numbers[0])
    first, second, hashes = np.split(numbers[1:], [rows, 2 * rows])
    return HashedRows(first, second, hashes.reshape(rows, width))


def _write(path: Path, shape: bytes, rows: HashedRows) -> None:
    """Not synced: a file that a crash cut short counts for nothing, as does one that can't be written."""
    temporary = path.with_name(f".{path.name}")
    number = np.array([len(rows.first)], dtype=np.uint64)
    digest = hashlib.sha256()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            for part in (shape, *(each.tobytes() for each in (number, rows.first, rows.second, rows.hashes))):
                digest.update(part)
                file.write(part)
            file.write(digest.digest())
        temporary.replace(path)
