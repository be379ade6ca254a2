"""Hashes of rows in arrays, 32 bytes each, and the hash of a part from them; `hashing` defines both."""

import binascii
import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
"""Numbers of 64 bits: one per row, or one row per row of the table and a column for each eight bytes."""

HEX_DIGITS, HEX_DIGITS_OF_BUCKET = 64, 3
_WORDS = 4


def of_hex(texts: Iterable[str], hashes_per_row: int) -> Words:
    """Return one row per text of concatenated hashes in hex; four columns of 64 bits per hash."""
    read = np.frombuffer(binascii.unhexlify("".join(texts)), dtype=np.uint64)
    return read.reshape(-1, _WORDS * hashes_per_row)


def hash_at(rows: Words, number: int) -> Words:
    """Return the first (0) or second (1) hash of each row."""
    return np.ascontiguousarray(rows[:, _WORDS * number : _WORDS * (number + 1)])


def part_hash(rows: Words) -> str:
    """Return the hash of a part from the hashes of its rows, in any order."""
    # As big-endian numbers the hashes sort like their hex texts.
    first = rows[:, 0].view(">u8").astype(np.uint64)
    order = np.argsort(first)
    first = first[order]
    if (first[1:] == first[:-1]).any():
        order = np.lexsort(rows.view(">u8").astype(np.uint64).T[::-1])
    texts = memoryview(binascii.hexlify(np.take(rows, order, axis=0).tobytes()))
    buckets = np.arange(16**HEX_DIGITS_OF_BUCKET + 1, dtype=np.uint64)
    bounds = np.searchsorted(first >> np.uint64(64 - 4 * HEX_DIGITS_OF_BUCKET), buckets)
    part = hashlib.sha256()
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if begin < end:
            part.update(hashlib.sha256(texts[begin * HEX_DIGITS : end * HEX_DIGITS]).hexdigest().encode())
    return part.hexdigest()
