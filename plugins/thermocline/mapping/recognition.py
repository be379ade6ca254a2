"""Which mapping a file belongs to, told by its header."""

import codecs
import csv
import io
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from thermocline.files.content import PLAIN, Unreadable, guessed_encoding, head_of
from thermocline.files.wording import listed
from thermocline.mapping.model import Feed, Fit, Mapping, Mappings, normalised

HEAD_BYTES = 1 << 16
DELIMITERS = (",", ";", "\t", "|")
TITLE_ROWS = 50
EXCLUDED = "is named by `exclude_files`"


@dataclass(frozen=True)
class Recognition:
    """What the head of a file shows, and the mapping and feed that it fits (None: unknown).

    `missing` names what the `nearest` mapping and feed need and didn't find, `foreign`
    those that it has none of. `trouble` says why nothing could be read at all, `excluded_by` is the
    pattern of `exclude_files` that its name fits. `titles` counts the records of text above the header.
    """

    compression: str = "none"
    delimiter: str = ","
    header: tuple[str, ...] = ()
    mapping: Mapping | None = None
    feed: Feed | None = None
    nearest: tuple[Mapping, Feed] | None = None
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    trouble: str | None = None
    excluded_by: str | None = None
    titles: int = 0

    @property
    def is_known(self) -> bool:
        return self.feed is not None

    def describe(self) -> str:
        """Why the file is unknown, in one line."""
        if self.excluded_by:
            return f"{EXCLUDED} ({self.excluded_by!r})"
        if self.trouble:
            return self.trouble
        text = f"matches no mapping (columns: {listed(self.header)}"
        if self.nearest:
            mapping, feed = self.nearest
            text += f"; nearest: {mapping.name} {feed.name}"
            if self.missing:
                text += f", missing {listed([self._with_nearest(name) for name in self.missing])}"
            if self.foreign:
                text += f", which has no column {listed(self.foreign)}"
        return text + ")"

    def _with_nearest(self, missing: str) -> str:
        """A missing column, and the one in the header that may be meant."""
        cells = {normalised(cell): cell for cell in self.header}
        found = get_close_matches(normalised(missing), cells, n=1)
        return f"{missing} (nearest: {cells[found[0]]})" if found else missing


@dataclass(frozen=True)
class _Candidate:
    """A feed that a file may be, by its header and its name."""

    mapping: Mapping
    fit: Fit
    delimiter: str
    header: tuple[str, ...]
    path: str

    @property
    def is_whole(self) -> bool:
        return not (self.fit.missing or self.fit.foreign or self.lacks_name or self.is_mostly_foreign)

    @property
    def is_near(self) -> bool:
        """Whether it may be meant: most of what is needed is there, and more than one column."""
        return self.fit.matched > 1 and len(self.fit.missing) * 2 < len(self.fit.feed.required)

    @property
    def lacks_name(self) -> bool:
        return self.fit.feed.match_file_name and not self.fit.feed.hints_at(self.path)

    @property
    def is_mostly_foreign(self) -> bool:
        """Whether most of its columns are those of another vendor's table that shares a few names."""
        return self.mapping.reject_mostly_unknown and self.fit.others > self.fit.matched

    @property
    def missing(self) -> tuple[str, ...]:
        name = (f"a file name such as {self.fit.feed.file_glob}",) if self.lacks_name else ()
        known = ("most of its columns",) if self.is_mostly_foreign else ()
        return self.fit.missing + name + known

    @property
    def rank(self) -> tuple[float, int, int, bool, str, str]:
        """The least is the best fit."""
        required = len(self.fit.feed.required)
        return (
            (len(self.fit.missing) + len(self.fit.foreign)) / required,
            -self.fit.matched,
            -required,
            not self.fit.feed.hints_at(self.path),
            self.mapping.name,
            self.fit.feed.name,
        )


def recognise(path: Path, mappings: Mappings, name: str | None = None) -> Recognition:
    """Look at the head of a file. `name` is its path in the export (default: the file's own).

    The feed whose required columns are all there wins; of several the one with most columns
    found, then most required columns, then a fitting file name, then the first by name.
    """
    try:
        compression, head, is_whole = head_of(path, HEAD_BYTES)
    except Unreadable as error:
        return Recognition(trouble=str(error))
    log_of = next((m for m in mappings.values() if m.is_log(name or path.name)), None)
    if log_of:
        return Recognition(compression, trouble=f"is a log of {log_of.name}'s, no export")
    text = _text(head, is_whole)
    if not text.strip():
        return Recognition(compression, trouble="is empty")
    if text.lower().startswith("sep="):
        return Recognition(compression, trouble="begins with Excel's line `sep=`: save it without that line")
    heads = {delimiter: _first_records(text, delimiter) for delimiter in DELIMITERS}
    headers = {delimiter: found[0] if found else () for delimiter, found in heads.items()}
    widest = max(DELIMITERS, key=lambda delimiter: len(headers[delimiter]))
    candidates = {d: header for d, header in headers.items() if d == widest or len(header) > 1}
    found = _recognised(candidates, widest, mappings, name or path.name, compression)
    if found.is_known:
        return found
    garbled = _garbled(head, is_whole, found.header)
    if garbled:
        return Recognition(compression, trouble=garbled)
    return _below_titles(heads, mappings, name or path.name, compression) or found


def recognise_table(
    header: tuple[str, ...], mappings: Mappings, name: str, sheet: str = "", records: str = ""
) -> Recognition:
    """Tell a table that isn't delimited text: a sheet of a workbook, or the records at a path."""
    return _recognised({",": header}, ",", mappings, name, PLAIN, sheet, records)


def _recognised(
    headers: dict[str, tuple[str, ...]],
    widest: str,
    mappings: Mappings,
    name: str,
    compression: str,
    sheet: str = "",
    records: str = "",
) -> Recognition:
    candidates = [
        _Candidate(mapping, fit, delimiter, header, name)
        for delimiter, header in headers.items()
        for mapping in mappings.values()
        for fit in mapping.fit(header)
        if fit.feed.may_be(sheet, records) and not fit.feed.same_file_as
    ]
    whole = [candidate for candidate in candidates if candidate.is_whole]
    best = min(whole or candidates, key=lambda candidate: candidate.rank, default=None)
    if best and whole:
        return Recognition(compression, best.delimiter, best.header, best.mapping, best.fit.feed)
    nearest = best if best and best.is_near else None
    return Recognition(
        compression,
        widest,
        headers[widest],
        nearest=(nearest.mapping, nearest.fit.feed) if nearest else None,
        missing=nearest.missing if nearest else (),
        foreign=nearest.fit.foreign if nearest else (),
    )


def _text(head: bytes, is_whole: bool) -> str:
    encoding = guessed_encoding(head) or "utf-8"
    try:
        text = head.decode(encoding, "strict" if is_whole else "ignore")
    except UnicodeDecodeError:
        text = head.decode("latin-1" if encoding == "utf-8" else encoding, "ignore")
    return text.removeprefix("\ufeff")


def _garbled(head: bytes, is_whole: bool, header: tuple[str, ...]) -> str | None:
    """Why a header that no mapping has isn't worth showing."""
    encoding = guessed_encoding(head)
    if encoding and encoding != "utf-8":
        try:
            codecs.getincrementaldecoder(encoding)().decode(head, is_whole)
        except UnicodeDecodeError as error:
            return f"isn't {encoding} throughout ({error.reason}): save it as UTF-8"
    if any("\0" in cell for cell in header):
        return "holds NULs as UTF-16 and UTF-32 do, but isn't text in one of them: save it as UTF-8"
    return None


def _below_titles(
    heads: dict[str, list[tuple[str, ...]]], mappings: Mappings, name: str, compression: str
) -> Recognition | None:
    """A header that stands below other lines, such as a report's title and period."""
    below = sorted(
        (titles, delimiter)
        for delimiter, found in heads.items()
        for titles, cells in enumerate(found)
        if titles and sum(map(bool, cells)) > 1
    )
    for titles, delimiter in below:
        found = _recognised({delimiter: heads[delimiter][titles]}, delimiter, mappings, name, compression)
        if found.mapping and found.feed:
            if found.feed.skip_until_header:
                return replace(found, titles=titles)
            lines = f"{titles} line{'s' if titles > 1 else ''}"
            return Recognition(
                compression,
                trouble=f"has {lines} above its header, which is that of {found.mapping.name} "
                f"{found.feed.name}: remove them, or declare `skip_until_header: true` for that feed",
            )
    return None


def _first_records(text: str, delimiter: str) -> list[tuple[str, ...]]:
    """The cells of the first records that aren't blank, as far as they can be split."""
    found: list[tuple[str, ...]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if cells:
                found.append(tuple(cell.strip() for cell in cells))
            if len(found) > TITLE_ROWS:
                break
    except csv.Error:
        pass
    return found
