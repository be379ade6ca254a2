"""Where exports lie: a local folder, listed and read, never changed."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from thermocline.errors import InputError, ThermoclineError

CHUNK = 1 << 20
DATA_SUFFIXES = (
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"),
    *(".xlsx", ".xlsm", ".xls", ".parquet", ".pq"),
)
PACKED_SUFFIXES = (".gz",)
ARCHIVE_SUFFIXES = (".zip",)
NO_EXPORTS = ("config",)
NO_DATA = ("readme", "license", "licence", "changelog")
EXAMPLES_OWN = "truth.json"
LINK = "is a link; links aren't followed"
NO_NAME = "has a name that isn't UTF-8: rename it"


class Changed(Exception):
    """The file is missing or differs from what was listed."""


@dataclass(frozen=True)
class Entry:
    """A listed file: `path` is relative to its place, with '/' between folders.

    `version` is its place's identifier of this content, such as an object store's ETag; empty without one.
    """

    path: str
    size: int
    mtime_ns: int
    version: str = ""

    def is_growing(self, now: float, settle_seconds: float) -> bool:
        """Return whether it was changed within the last `settle_seconds`."""
        return 0 <= now - self.mtime_ns / 1e9 < settle_seconds


@dataclass
class Listing:
    """The data files of a place, other files (`ignored`), and files skipped with a reason (`left_out`)."""

    entries: list[Entry] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


class Place(Protocol):
    """A location of exports. Its text is its name in the manifest and in messages.

    `patience` is the factor by which a file must be unchanged for longer than a local one to be complete.
    """

    patience: float

    def __str__(self) -> str: ...

    def exists(self) -> bool:
        """Return whether the place can be listed; a remote place is assumed to exist."""

    def listing(self) -> Listing:
        """Return all files below, sorted by path. Raise InputError if the place can't be read."""

    def local(self, entry: Entry) -> Path | None:
        """Return where to read a file without copying it, or None if it must be fetched."""

    def fetch(self, entry: Entry, target: Path) -> str:
        """Write a file's bytes to `target`, synced to the disk, and return their SHA-256.

        Raise Changed if it isn't what was listed, PermissionError if it may not be read.
        """


@dataclass(frozen=True)
class Folder:
    """A local folder of exports."""

    root: Path
    patience = 1.0

    def __str__(self) -> str:
        return str(self.root)

    def exists(self) -> bool:
        return self.root.is_dir()

    def listing(self) -> Listing:
        """Return all files below, sorted by path. Raise InputError if the folder can't be read."""
        listing = Listing()
        try:
            self._list(str(self.root), "", listing)
        except NotADirectoryError as error:
            raise InputError(f"{self.root} isn't a folder: name the folder of the exports") from error
        except FileNotFoundError as error:
            raise InputError(f"{self.root} doesn't exist: name the folder of the exports") from error
        except PermissionError as error:
            raise InputError(f"{error.filename} can't be read: allow reading it") from error
        listing.entries.sort(key=lambda entry: entry.path)
        return listing

    def local(self, entry: Entry) -> Path:
        return self.root / entry.path

    def is_unchanged(self, entry: Entry) -> bool:
        """Return whether size and time of change are still as listed."""
        try:
            found = self.local(entry).stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (found.st_size, found.st_mtime_ns) == (entry.size, entry.mtime_ns)

    def fetch(self, entry: Entry, target: Path) -> str:
        with self._opened(entry) as source:
            copied, sha256 = written(source, target)
        if copied != entry.size or not self.is_unchanged(entry):
            raise Changed(entry.path)
        return sha256

    def _opened(self, entry: Entry) -> BinaryIO:
        """Open the listed file; a link that replaced it since isn't followed."""
        try:
            return os.fdopen(os.open(self.local(entry), os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except PermissionError:
            raise
        except OSError as error:
            raise Changed(entry.path) from error

    def _list(self, folder: str, prefix: str, listing: Listing) -> None:
        with os.scandir(folder) as found:
            for item in found:
                path = prefix + item.name
                if not _is_text(item.name):
                    listing.left_out[path.encode(errors="backslashreplace").decode()] = NO_NAME
                elif item.is_symlink():
                    listing.left_out[path] = LINK
                elif item.is_dir(follow_symlinks=False):
                    if item.name.startswith(".") or path in NO_EXPORTS:
                        listing.ignored.append(path + "/")
                    else:
                        with suppress(FileNotFoundError):
                            self._list(item.path, path + "/", listing)
                elif not is_data(item.name) or not item.is_file(follow_symlinks=False):
                    listing.ignored.append(path)
                else:
                    listing.entries.extend(_entry(item, path))


def written(source: BinaryIO, target: Path) -> tuple[int, str]:
    """Write all of `source` to the disk; return the number of bytes and their SHA-256.

    Raise ThermoclineError if the landing can't be written.
    """
    digest, copied = hashlib.sha256(), 0
    with _writing(target) as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            with _naming(target):
                copied += file.write(chunk)
        with _naming(target):
            file.flush()
            os.fsync(file.fileno())
    return copied, digest.hexdigest()


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ThermoclineError(
            f"{target.parent.parent} can't be written ({error.strerror}): make room or make "
            "it writable, then run again"
        ) from error


def _writing(target: Path) -> BinaryIO:
    with _naming(target):
        return target.open("wb")


def _entry(item: "os.DirEntry[str]", path: str) -> Iterator[Entry]:
    with suppress(FileNotFoundError):
        found = item.stat(follow_symlinks=False)
        yield Entry(path, found.st_size, found.st_mtime_ns)


def _is_text(name: str) -> bool:
    """Return whether a name is valid UTF-8: the file system allows names of any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_data(name: str) -> bool:
    """Return whether a file of this name can contain records: a known suffix, not hidden, no README."""
    name = name.lower()
    if name.startswith((".", "~", "_")) or name.split(".")[0] in NO_DATA or name == EXAMPLES_OWN:
        return False
    if name.endswith(ARCHIVE_SUFFIXES):
        return True
    for packed in PACKED_SUFFIXES:
        name = name.removesuffix(packed)
    return name.endswith(DATA_SUFFIXES)
