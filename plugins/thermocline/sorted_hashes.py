"""A part's row hashes in order, kept so that the rows that changed are taken out and put in.

Beside them stands the hash of each bucket (see `hashing`), of which the part's hash is made. So what is kept
is vouched for twice: the buckets' hashes must give the hash that the candidate names, and the file has the
SHA-256 with which it was written, when its rows had given these. Buckets without a change aren't hashed
again.

A file holds the number of rows, the buckets' hashes in hex (zeros for an empty one), the rows' hashes, and
last the SHA-256 of everything before.
"""

import binascii
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from thermocline.row_hashes import HEX_DIGITS, HEX_DIGITS_OF_BUCKET, Words

_BUCKETS = 16**HEX_DIGITS_OF_BUCKET
_EMPTY = b"\0" * HEX_DIGITS
_NUMBER, _DIGEST = 8, 32
_WIDTH = 4
_ITEM = np.dtype("V32")
_SHIFT = np.uint64(64 - 4 * HEX_DIGITS_OF_BUCKET)
_BEGINNINGS = np.arange(_BUCKETS, dtype=np.uint64) << _SHIFT


@dataclass(frozen=True)
class SortedHashes:
    """Hashes of rows in order, four columns each, and by bucket the hash of those in it, in hex."""

    hashes: Words
    buckets: list[bytes]

    @classmethod
    def of(cls, hashes: Words) -> "SortedHashes":
        """The hashes in any order."""
        ordered = _ordered(hashes)
        made = cls(ordered, [_EMPTY] * _BUCKETS)
        return cls(ordered, made._rehashed(range(_BUCKETS), _first(ordered)))

    @classmethod
    def read(cls, path: Path, part_hash: str) -> "SortedHashes | None":
        """None unless what is kept is as it was written, and has this hash."""
        with suppress(OSError, ValueError):
            content = memoryview(path.read_bytes())
            body = content[:-_DIGEST]
            if hashlib.sha256(body).digest() != content[-_DIGEST:]:
                return None
            rows = int.from_bytes(body[:_NUMBER], "little")
            begin = _NUMBER + _BUCKETS * HEX_DIGITS
            told = bytes(body[_NUMBER:begin])
            buckets = [told[at : at + HEX_DIGITS] for at in range(0, len(told), HEX_DIGITS)]
            hashes = np.frombuffer(body, dtype=np.uint64, offset=begin).reshape(rows, _WIDTH)
            kept = cls(hashes, buckets)
            if kept.part_hash == part_hash:
                return kept
        return None

    def write(self, path: Path) -> None:
        """Not synced: a file that a crash cut short counts for nothing, as does one that can't be written."""
        temporary = path.with_name(f".{path.name}")
        number = len(self.hashes).to_bytes(_NUMBER, "little")
        digest = hashlib.sha256()
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                for part in (number, b"".join(self.buckets), self.hashes.reshape(-1).view(np.uint8).data):
                    digest.update(part)
                    file.write(part)
                file.write(digest.digest())
            temporary.replace(path)

    @property
    def part_hash(self) -> str:
        return hashlib.sha256(b"".join(bucket for bucket in self.buckets if bucket != _EMPTY)).hexdigest()

    def changed(self, gone: Words, come: Words) -> "SortedHashes | None":
        """Without rows that are gone and with those that came; None where the former can't be found."""
        gone, come, first = _ordered(gone), _ordered(come), _first(self.hashes)
        first_gone, first_come = _first(gone), _first(come)
        touched = np.unique(np.concatenate([first_gone, first_come]) >> _SHIFT).tolist()
        # Equal ones stand next to each other: the second of them is the second that is found.
        nth = np.arange(len(gone)) - np.searchsorted(first_gone, first_gone)
        places = np.searchsorted(first, first_gone) + nth
        if len(gone) and (places.max() >= len(first) or (self.hashes[places] != gone).any()):
            return None
        staying = np.ones(len(first), dtype=np.bool_)
        staying[places] = False
        first = first[staying]
        places = np.searchsorted(first, first_come)
        # As one item each, rows are moved in a third of the time.
        hashes = _of_items(np.insert(_items(self.hashes)[staying], places, _items(come)))
        first = np.insert(first, places, first_come)
        if (first[1:] == first[:-1]).any():
            hashes = _ordered(hashes)
        after = SortedHashes(hashes, self.buckets)
        return SortedHashes(hashes, after._rehashed(touched, first))

    def _rehashed(self, touched: Iterable[int], first: npt.NDArray[np.uint64]) -> list[bytes]:
        """The buckets' hashes, of these made anew; `first` is the beginning of each row's hash."""
        buckets = list(self.buckets)
        bounds = [*np.searchsorted(first, _BEGINNINGS).tolist(), len(first)]
        for bucket in touched:
            rows = self.hashes[bounds[bucket] : bounds[bucket + 1]]
            buckets[bucket] = (
                hashlib.sha256(binascii.hexlify(rows.tobytes())).hexdigest().encode() if len(rows) else _EMPTY
            )
        return buckets


def _first(hashes: Words) -> npt.NDArray[np.uint64]:
    """The first eight bytes as numbers, which sort like their hex texts."""
    return hashes[:, 0].view(">u8").astype(np.uint64)


def _items(hashes: Words) -> npt.NDArray[np.void]:
    return np.ascontiguousarray(hashes).view(_ITEM).reshape(-1)


def _of_items(items: npt.NDArray[np.void]) -> Words:
    return items.view(np.uint64).reshape(-1, _WIDTH)


def _ordered(hashes: Words) -> Words:
    first = _first(hashes)
    order = np.argsort(first)
    first = first[order]
    if (first[1:] == first[:-1]).any():
        order = np.lexsort(hashes.view(">u8").astype(np.uint64).T[::-1])
    return np.take(hashes, order, axis=0)
