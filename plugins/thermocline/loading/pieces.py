"""What one scan reads at a time: a file, or a piece of a large one, dealt out to several scans."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from thermocline.files.content import CHUNK, PLAIN, RecordCounter
from thermocline.landing.arrivals import Arrival

SPLIT_BYTES = 64 << 20
ALONE_BYTES = 4 << 20
EXTEND_ASCII = ("utf-8", "latin-1", "windows-1252")


@dataclass(frozen=True)
class Piece:
    """A run of a file's records: `before` it are so many of them, `records` are in it.

    `path` is what to read, with a header of its own.
    """

    arrival: Arrival
    path: Path
    before: int
    records: int
    bytes: int

    @property
    def file_id(self) -> int:
        return self.arrival.file_id


def is_large(arrival: Arrival) -> bool:
    """Whether a file is worth cutting; one that is packed can't be."""
    return arrival.file.compression == PLAIN and arrival.path.stat().st_size > SPLIT_BYTES


def whole(arrival: Arrival, path: Path) -> Piece:
    return Piece(arrival, path, 0, arrival.file.records, path.stat().st_size)


def can_be_cut(arrival: Arrival) -> bool:
    """Whether the ends of its records can be found among its bytes."""
    return arrival.file.encoding in EXTEND_ASCII


def cut(arrival: Arrival, path: Path, encoding: str, parts: int, scratch: Path) -> list[Piece]:
    """A regular file as copies in UTF-8 of about equal size, cut between records."""
    scratch.mkdir(parents=True, exist_ok=True)

    def recoded(chunk: bytes) -> bytes:
        return chunk if encoding == "utf-8" else chunk.decode(encoding).encode()

    size = path.stat().st_size
    found: list[Piece] = []
    with path.open("rb") as file:
        header = b"".join(_record(file))
        before = 0
        for n in range(parts):
            target = scratch / f"{arrival.file_id}.{n}.csv"
            counter = RecordCounter()
            with target.open("wb") as out:
                out.write(recoded(header))
                for chunk in _until(file, size * (n + 1) // parts, counter):
                    out.write(recoded(chunk))
            found.append(Piece(arrival, target, before, counter.records_so_far, target.stat().st_size))
            before += counter.records_so_far
    return found


def dealt(pieces: list[Piece], scans: int) -> list[list[Piece]]:
    """The pieces in at most so many parts of about equal size; few bytes aren't worth a second."""
    if sum(piece.bytes for piece in pieces) < ALONE_BYTES:
        return [pieces]
    parts: list[list[Piece]] = [[] for _ in range(min(scans, len(pieces)))]
    sizes = [0] * len(parts)
    for piece in sorted(pieces, key=lambda piece: -piece.bytes):
        least = sizes.index(min(sizes))
        parts[least].append(piece)
        sizes[least] += piece.bytes
    return parts


def _record(file: BinaryIO) -> Iterator[bytes]:
    """The lines of the next record, blank ones before it left out."""
    counter = RecordCounter()
    while line := file.readline():
        counter.add(line)
        if line.strip(b"\r\n"):
            yield line
        if counter.is_between_records and counter.records:
            return


def _until(file: BinaryIO, end: int, counter: RecordCounter) -> Iterator[bytes]:
    """The bytes up to `end`, and from there to the end of the record."""
    while (left := end - file.tell()) > 0 and (chunk := file.read(min(left, CHUNK))):
        counter.add(chunk)
        yield chunk
    while not counter.is_between_records and (line := file.readline()):
        counter.add(line)
        yield line
