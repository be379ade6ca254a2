"""What is inside a file: packing, encoding, and how many records, found without converting any."""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

CHUNK = 1 << 20
# Text compresses a hundredfold at most; a larger expansion, past this size, is a decompression bomb.
MOST_EXPANSION, EXPANSION_FREE = 200, 32 << 20
PLAIN, GZIP = "none", "gzip"
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNDEFINED_IN_WINDOWS_1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
QUOTE, LINE_FEED, CARRIAGE_RETURN = 34, 10, 13
CONTROLS_BELOW = 0xA0 - 0x100


class Unreadable(Exception):
    """The file can't be unpacked or decoded; the message says why."""


@dataclass(frozen=True)
class Content:
    """What a whole file holds.

    `sha256` is that of the unpacked bytes. `records` counts the lines that aren't blank, a line
    break inside quotes being none, the header among them; `blank_lines` the others. `is_regular`
    says whether one kind of line break ends all lines, every quote is closed, and no NUL is there.
    """

    encoding: str
    sha256: str
    records: int
    blank_lines: int
    is_regular: bool


def compression_of(head: bytes) -> str:
    return GZIP if head.startswith(b"\x1f\x8b") else PLAIN


def opened(path: Path, compression: str) -> BinaryIO:
    """Open a file for reading its unpacked bytes."""
    return cast(BinaryIO, gzip.open(path)) if compression == GZIP else path.open("rb")


def head_of(path: Path, size: int) -> tuple[str, bytes, bool]:
    """Return the compression, the first `size` unpacked bytes, and whether that is the whole file.

    Raise Unreadable if the file can't be unpacked.
    """
    with path.open("rb") as file:
        compression = compression_of(file.read(2))
    try:
        with opened(path, compression) as file:
            head = file.read(size + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Unreadable(f"isn't a whole {compression} file ({error})") from error
    return compression, head[:size], len(head) <= size


def checked_expansion(unpacked: int, path: Path) -> None:
    """Raise Unreadable if `unpacked` bytes are more than an export of the size of `path` can contain."""
    if unpacked > EXPANSION_FREE and unpacked > MOST_EXPANSION * path.stat().st_size:
        raise Unreadable(f"expands more than {MOST_EXPANSION} times: it is no export")


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding of the byte-order mark, or None without one."""
    return next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def guessed_encoding(head: bytes) -> str | None:
    """Return the encoding of a byte-order mark, else UTF-16 or UTF-32 if the zeros of ASCII letters show it.

    None for any encoding that extends ASCII. ASCII letters have a zero byte at fixed offsets in UTF-16
    (every second byte) and UTF-32 (three of four).
    """
    marked = marked_encoding(head)
    zeros = [head[n : min(len(head), 4096) : 4].count(0) for n in range(4)]
    if marked or not any(zeros):
        return marked
    most = len(head[:4096]) // 4 * 3 // 4
    if zeros[1] > most and zeros[2] > most:
        return "utf-32-le" if zeros[3] > most else "utf-32-be" if zeros[0] > most else None
    if zeros[1] > most and zeros[3] > most and not zeros[0] + zeros[2]:
        return "utf-16-le"
    if zeros[0] > most and zeros[2] > most and not zeros[1] + zeros[3]:
        return "utf-16-be"
    return None


def examine(path: Path, compression: str, sha256: str | None = None) -> Content:
    """Read a whole file once and return its content; `sha256` is the hash of its bytes if already known.

    Raise Unreadable if it can't be unpacked or decoded.
    """
    digest = None if sha256 and compression == PLAIN else hashlib.sha256()
    try:
        with opened(path, compression) as file:
            chunks = _chunks(file, digest, path)
            first = next(chunks, b"")
            encoding = guessed_encoding(first)
            if encoding in (None, "utf-8"):
                content = _examine_bytes(first, chunks)
            else:
                content = _examine_text(str(encoding), first, chunks)
    except UnicodeDecodeError as error:
        raise Unreadable(f"isn't {error.encoding} throughout ({error.reason})") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Unreadable(f"isn't a whole {compression} file ({error})") from error
    return replace(content, sha256=digest.hexdigest() if digest else str(sha256))


def _chunks(file: BinaryIO, digest: "hashlib._Hash | None", path: Path) -> Iterator[bytes]:
    read = 0
    while chunk := file.read(CHUNK):
        read += len(chunk)
        checked_expansion(read, path)
        if digest:
            digest.update(chunk)
        yield chunk


def _examine_bytes(first: bytes, rest: Iterator[bytes]) -> Content:
    """Return the content as UTF-8 if all bytes are valid, else as Windows-1252 or Latin-1.

    Latin-1 if there is a byte that Windows-1252 doesn't define, or none on which the two differ.
    """
    counter = RecordCounter()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, has_controls, is_1252 = True, False, True
    chunk = first.removeprefix(codecs.BOM_UTF8)
    while chunk:
        counter.add(chunk)
        if not chunk.isascii() or decoder.getstate()[0]:
            array = np.frombuffer(chunk, np.uint8)
            # 0x80 to 0x9F, where Windows-1252 and Latin-1 differ, are the least values of signed bytes.
            has_controls = has_controls or bool((array.view(np.int8) < CONTROLS_BELOW).any())
            is_1252 = is_1252 and not any(byte in chunk for byte in UNDEFINED_IN_WINDOWS_1252)
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
        chunk = next(rest, b"")
    if is_utf8 and _decodes(decoder, b"", final=True):
        return counter.content("utf-8")
    return counter.content("windows-1252" if has_controls and is_1252 else "latin-1")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _examine_text(encoding: str, first: bytes, rest: Iterator[bytes]) -> Content:
    counter = RecordCounter()
    decoder = codecs.getincrementaldecoder(encoding)()
    chunk = first
    while chunk:
        counter.add(decoder.decode(chunk).encode("utf-8", "surrogatepass"))
        chunk = next(rest, b"")
    decoder.decode(b"", True)
    return counter.content(encoding)


class RecordCounter:
    """Count records in chunks of bytes in any encoding that extends ASCII."""

    def __init__(self) -> None:
        self.records = self.blank_lines = 0
        self._breaks = self._windows_breaks = self._returns = 0
        self._in_quotes = 0
        self._has_nul = False
        self._position = 0
        self._line_start = 0
        self._last = 0

    @property
    def records_so_far(self) -> int:
        """Return how many records have begun; the last may not have its line break yet."""
        rest = self._position - self._line_start
        return int(self.records + (rest > (self._last == CARRIAGE_RETURN)))

    @property
    def is_between_records(self) -> bool:
        """Return whether the bytes added so far end with a line break outside quotes."""
        return not self._in_quotes and self._line_start == self._position

    def add(self, chunk: bytes) -> None:
        if not chunk:
            return
        bytes_ = np.frombuffer(chunk, np.uint8)
        ends = np.flatnonzero(bytes_ == LINE_FEED)
        has_returns = b"\r" in chunk
        self._has_nul = self._has_nul or b"\0" in chunk
        returns = np.flatnonzero(bytes_ == CARRIAGE_RETURN) if has_returns else ends[:0]
        if self._in_quotes or QUOTE in chunk:
            quotes = np.flatnonzero(bytes_ == QUOTE)
            ends, returns = self._outside(ends, quotes), self._outside(returns, quotes)
            self._in_quotes = (self._in_quotes + len(quotes)) & 1
        if len(ends):
            self._end_lines(ends, bytes_, has_returns)
        self._returns += len(returns)
        self._position += len(chunk)
        self._last = chunk[-1]

    def _outside(self, places: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """Return the places outside quotes: those after an even number of quotes."""
        return places[(np.searchsorted(quotes, places) + self._in_quotes) & 1 == 0]

    def _end_lines(self, ends: np.ndarray, bytes_: np.ndarray, has_returns: bool) -> None:
        starts = np.concatenate([[self._line_start - self._position], ends[:-1] + 1])
        lengths = ends - starts
        if has_returns or self._last == CARRIAGE_RETURN:
            before = bytes_[ends - 1]
            if ends[0] == 0:
                before[0] = self._last
            windows = (before == CARRIAGE_RETURN) & (lengths > 0)
            self._windows_breaks += int(np.count_nonzero(windows))
            lengths = lengths - windows
        blank = int(np.count_nonzero(lengths == 0))
        self.blank_lines += blank
        self.records += len(ends) - blank
        self._breaks += len(ends)
        self._line_start = self._position + int(ends[-1]) + 1

    def content(self, encoding: str) -> Content:
        """Return the counts after all chunks were added."""
        records = self.records_so_far
        is_regular = (
            not self._in_quotes
            and not self._has_nul
            and self._windows_breaks in (0, self._breaks)
            and self._returns == self._windows_breaks
        )
        return Content(encoding, "", records, self.blank_lines, is_regular)
