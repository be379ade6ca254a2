"""The tables that one delivered file holds: itself, an archive's members, sheets, inner records."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from thermocline.durable import file_hash
from thermocline.files import formats
from thermocline.files.content import GZIP, PLAIN, Content, Unreadable, examine, head_of
from thermocline.files.formats import DELIMITED, JSON, WORKBOOK, Table
from thermocline.files.formats.archive import ZIP, is_archive, is_packed, members, unpacked
from thermocline.files.places import is_data
from thermocline.landing.manifest import LandedFile
from thermocline.mapping.model import DeclaredDelivery, Mapping, Mappings
from thermocline.mapping.recognition import HEAD_BYTES, Recognition, recognise, recognise_table


@dataclass(frozen=True)
class Part:
    """One table of a delivered file, and what it was recognised as.

    `path` is where its bytes are now; only delimited text may still be packed, as `compression` says.
    `member` is its name in an archive, `outer` the delivered file's path below its location.
    """

    outer: str
    path: Path
    recognition: Recognition
    compression: str = PLAIN
    member: str = ""
    format: str = DELIMITED
    table: Table | None = None

    @property
    def name(self) -> str:
        """Return the table's `source_file` in the warehouse: `a.zip/b.xlsx#Sheet`."""
        return named(self.outer, self.member, self.table.name if self.table else "")

    @cached_property
    def content(self) -> Content:
        """Return its content, read completely. Raise Unreadable if it can't be unpacked or decoded."""
        return self._examined(None)

    def _examined(self, sha256: str | None) -> Content:
        """Return its content; `sha256` is the hash of its own bytes if known."""
        if self.table is None:
            packed = PLAIN if self.compression == ZIP else self.recognition.compression
            return examine(self.path, packed, sha256)
        encoding = "utf-8" if self.format == JSON else self.format
        return Content(encoding, file_hash(self.path), self.table.records + 1, 0, self.table.is_regular)

    def delivery(self, mapping: Mapping) -> DeclaredDelivery:
        """Return the delivery to which it belongs, see `Mapping.delivery`."""
        return mapping.delivery(self.outer, self.member)

    def described(self, source: str, sha256: str, landed_as: str, size: int, mtime_ns: int) -> LandedFile:
        """Return its entry for the manifest; the arguments describe the delivered file."""
        mapping, feed = self.recognition.mapping, self.recognition.feed
        if mapping is None or feed is None:
            raise ValueError("only a recognised table is landed")
        is_the_file = self.compression == PLAIN and "content" not in vars(self)
        content = self._examined(sha256) if is_the_file else self.content
        records = content.records - 1 - self.recognition.titles
        return LandedFile(
            source=source,
            system=mapping.system,
            mapping=mapping.name,
            feed=feed.name,
            sha256=sha256,
            content_sha256=content.sha256,
            landed_as=landed_as,
            bytes=size,
            mtime_ns=mtime_ns,
            compression=self.compression,
            encoding=content.encoding,
            delimiter=self.recognition.delimiter,
            header=self.recognition.header,
            records=records,
            blank_lines=content.blank_lines,
            is_regular=content.is_regular and not (feed.skip_until_header and self.format == DELIMITED),
            mode=feed.mode,
            expected_every_days=feed.expected_every_days,
            empty_delivery="" if records else self.delivery(mapping).key,
            format=self.format,
            member=self.member,
            part=self.table.name if self.table else "",
        )


def named(outer: str, member: str, table: str) -> str:
    return outer + (f"/{member}" if member else "") + (f"#{table}" if table else "")


def parts(path: Path, outer: str, mappings: Mappings, scratch: Path) -> list[Part]:
    """Return the tables of the delivered file at `path`; at least one, even if it is unknown.

    Members are unpacked into `scratch`, which must exist as long as the parts are used.
    """
    try:
        if is_archive(path):
            found = list(_members(path, outer, mappings, scratch))
        else:
            found = _tables(path, outer, "", mappings, scratch)
        return [_unless_excluded(part, mappings) for part in found]
    except Unreadable as error:
        return [Part(outer, path, Recognition(trouble=str(error)))]
    except PermissionError:
        return [Part(outer, path, Recognition(trouble="can't be read: allow reading it"))]


def _unless_excluded(part: Part, mappings: Mappings) -> Part:
    """Return the part, as unknown if its mapping (without one, any mapping) excludes files of its name."""
    mapping = part.recognition.mapping
    patterns = (each.excludes(part.name) for each in ([mapping] if mapping else mappings.values()))
    excluded_by = next((pattern for pattern in patterns if pattern), None)
    return replace(part, recognition=Recognition(excluded_by=excluded_by)) if excluded_by else part


def _members(path: Path, outer: str, mappings: Mappings, scratch: Path) -> Iterator[Part]:
    found = 0
    for n, member in enumerate(members(path)):
        if is_packed(member):
            trouble = Recognition(trouble="is an archive in an archive: unpack it")
            yield Part(outer, path, trouble, ZIP, member)
        elif all(is_data(part) for part in member.split("/")[-1:]) and not member.startswith("__MACOSX/"):
            target = scratch / f"member-{n}"
            try:
                unpacked(path, ZIP, member, target)
                yield from _tables(target, outer, member, mappings, scratch)
            except Unreadable as error:
                yield Part(outer, target, Recognition(trouble=str(error)), ZIP, member)
        else:
            continue
        found += 1
    if not found:
        raise Unreadable("holds no data file")


def _tables(path: Path, outer: str, member: str, mappings: Mappings, scratch: Path) -> list[Part]:
    compression, head, _ = head_of(path, HEAD_BYTES)
    if member and compression == GZIP:
        raise Unreadable("is an archive in an archive: unpack it")
    format_ = formats.format_of(head)
    kept = ZIP if member else compression
    name = f"{outer}/{member}" if member else outer
    if format_ == DELIMITED:
        return [Part(outer, path, recognise(path, mappings, name), kept, member)]
    plain = unpacked(path, compression, "", scratch / f"{path.name}.unpacked")
    if format_ == WORKBOOK:
        # A workbook is a zip: one inside another archive hasn't been checked yet.
        members(plain)
    paths = {path for mapping in mappings.values() for feed in mapping.feeds for path in feed.records}
    found = [
        Part(outer, plain, _recognised(table, format_, mappings, name), kept, member, format_, table)
        for table in formats.tables(format_, plain, paths)
    ]
    known = [part for part in found if part.recognition.is_known]
    if format_ == JSON and known:
        # The outer page of an API, and inner records that no mapping reads, aren't reported.
        return known
    return found if format_ == WORKBOOK else found[:1]


def _recognised(table: Table, format_: str, mappings: Mappings, name: str) -> Recognition:
    if not table.header:
        return Recognition(trouble="is empty")
    if format_ == WORKBOOK:
        return recognise_table(table.header, mappings, name, sheet=table.name)
    return recognise_table(table.header, mappings, name, records=table.name)


def readable(path: Path, file: LandedFile, scratch: Path) -> tuple[Path, LandedFile]:
    """Return path and description of a landed file that `records` and DuckDB can read.

    An archive's member is unpacked into `scratch`; delimited text in gzip is read directly.
    """
    if file.compression == PLAIN or (file.compression == GZIP and file.format == DELIMITED):
        return path, file
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"{file.file_id}.plain"
    if not target.exists():
        unpacked(path, file.compression, file.member, target)
    return target, replace(file, compression=PLAIN)
