"""Where exports lie: a local folder, listed and read, never changed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from thermocline.errors import InputError

DATA_SUFFIXES = (".csv", ".tsv", ".txt")
PACKED_SUFFIXES = (".gz",)
NO_EXPORTS = ("config",)
NO_DATA = ("readme", "license", "licence", "changelog")


@dataclass(frozen=True)
class Entry:
    """A file as listed: `path` is relative to its place, with '/' between folders."""

    path: str
    size: int
    mtime_ns: int

    def is_growing(self, now: float, settle_seconds: float) -> bool:
        """Whether it was changed within the last `settle_seconds`."""
        return 0 <= now - self.mtime_ns / 1e9 < settle_seconds


@dataclass
class Listing:
    """The data files of a place, those that are none, and the links, which nobody follows."""

    entries: list[Entry] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Folder:
    """A local folder of exports."""

    root: Path

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

    def _list(self, folder: str, prefix: str, listing: Listing) -> None:
        with os.scandir(folder) as found:
            for item in found:
                path = prefix + item.name
                if item.is_symlink():
                    listing.links.append(path)
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


def _entry(item: "os.DirEntry[str]", path: str) -> Iterator[Entry]:
    with suppress(FileNotFoundError):
        found = item.stat(follow_symlinks=False)
        yield Entry(path, found.st_size, found.st_mtime_ns)


def is_data(name: str) -> bool:
    """Whether a file of this name can hold records: a known suffix, not hidden, no README."""
    name = name.lower()
    if name.startswith((".", "~", "_")) or name.startswith(NO_DATA):
        return False
    for packed in PACKED_SUFFIXES:
        name = name.removesuffix(packed)
    return name.endswith(DATA_SUFFIXES)
