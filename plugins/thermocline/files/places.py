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
    """The file isn't, or isn't any more, what was listed."""


@dataclass(frozen=True)
class Entry:
    """A file as listed: `path` is relative to its place, with '/' between folders.

    `version` is what its place calls this content, an object store's ETag; empty where it has none.
    """

    path: str
    size: int
    mtime_ns: int
    version: str = ""

    def is_growing(self, now: float, settle_seconds: float) -> bool:
        """Whether it was changed within the last `settle_seconds`."""
        return 0 <= now - self.mtime_ns / 1e9 < settle_seconds


@dataclass
class Listing:
    """The data files of a place, those that are none, and those left out, each with the reason."""

    entries: list[Entry] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


class Place(Protocol):
    """Where exports lie. Its text is what the manifest and messages call it.

    `patience` is how much longer than a local file one there has to rest until it counts as whole.
    """

    patience: float

    def __str__(self) -> str: ...

    def exists(self) -> bool:
        """Whether there is anything to list; a place elsewhere is taken to be there."""

    def listing(self) -> Listing:
        """All files below, sorted by path. Raises InputError where the place can't be read."""

    def local(self, entry: Entry) -> Path | None:
        """Where to read a file without copying it, if that is possible."""

    def fetch(self, entry: Entry, target: Path) -> str:
        """Write a file's bytes to `target`, on the disk when this returns; their SHA-256.

        Raises Changed if it isn't what was listed, PermissionError if it may not be read.
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
        """All files below, sorted by path. Raises InputError where there is no such folder."""
        listing = Listing()
        try:
            self._list(str(self.root), "", listing)
        except NotADirectoryError as error:
            raise InputError(f"{self.root} is no folder: name the folder of the exports") from error
        except FileNotFoundError as error:
            raise InputError(f"{self.root} doesn't exist: name the folder of the exports") from error
        except PermissionError as error:
            raise InputError(f"{error.filename} can't be read: allow reading it") from error
        listing.entries.sort(key=lambda entry: entry.path)
        return listing

    def local(self, entry: Entry) -> Path:
        return self.root / entry.path

    def is_unchanged(self, entry: Entry) -> bool:
        """Whether the file still is what was listed."""
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
        """The file as listed: a link that took its place meanwhile isn't followed."""
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
    """Write all of `source` to the disk; how many bytes, and their SHA-256.

    Raises ThermoclineError where the landing can't be written.
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
    """Whether a name can be written down: any bytes make a file's name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_data(name: str) -> bool:
    """Whether a file of this name can hold records: a known suffix, not hidden, no README."""
    name = name.lower()
    if name.startswith((".", "~", "_")) or name.split(".")[0] in NO_DATA or name == EXAMPLES_OWN:
        return False
    if name.endswith(ARCHIVE_SUFFIXES):
        return True
    for packed in PACKED_SUFFIXES:
        name = name.removesuffix(packed)
    return name.endswith(DATA_SUFFIXES)
