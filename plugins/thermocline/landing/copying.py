"""Copy one delivered file into the landing: read once, hashed meanwhile, never changed at its source."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from thermocline.durable import READ_ONLY
from thermocline.files.content import GZIP
from thermocline.files.formats.archive import ZIP
from thermocline.files.places import DATA_SUFFIXES, Entry, Place
from thermocline.home import Home
from thermocline.landing.manifest import Identity, LandedFile
from thermocline.landing.parts import Part

ABANDONED_SECONDS = 24 * 3600


class Incoming:
    """A delivered file before it is landed: `path` is where its bytes are now.

    A local file is examined in place, and copied once it is known to belong to a source.
    """

    def __init__(self, place: Place, entry: Entry, scratch: Path) -> None:
        self.place, self.entry, self.scratch = place, entry, scratch
        self._copy = scratch / "copy"
        self._sha256: str | None = None
        self.path = place.local(entry) or self._fetched()

    def keep(self, home: Home, parts: Sequence[tuple[Part, str]], landed: set[Identity]) -> list[LandedFile]:
        """Copy the file to `landing/<2 hex>/<sha256><suffix>`, synced; return one landed file per table.

        `parts` are its tables, each with its source. Tables among `landed` are described only. Raise
        Changed if the file isn't what was listed, Unreadable if a table can't be unpacked or decoded.
        """
        self._fetched()
        sha256, entry = str(self._sha256), self.entry
        compression = max(part.compression for part, _ in parts)
        landed_as = f"{sha256[:2]}/{sha256}{_suffix(entry.path, compression)}"
        files = [
            part.described(source, sha256, landed_as, entry.size, entry.mtime_ns) for part, source in parts
        ]
        if any(file.identity not in landed for file in files):
            self._copy.chmod(READ_ONLY)
            target = home.landing / landed_as
            target.parent.mkdir(exist_ok=True)
            self._copy.replace(target)
        return files

    def _fetched(self) -> Path:
        if self._sha256 is None:
            self._sha256 = self.place.fetch(self.entry, self._copy)
        return self._copy


@contextmanager
def incoming(home: Home, place: Place) -> Iterator[Callable[[Entry], Incoming]]:
    """Yield a function that receives a file into a temporary folder; remove the folder at exit."""
    folder = home.landing / ".incoming"
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=folder))
    try:
        yield lambda entry: Incoming(place, entry, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def remove_abandoned(home: Home) -> None:
    """Remove temporary files that killed runs left behind a day ago or earlier."""
    for found in (home.landing / ".incoming").glob("*"):
        with suppress(FileNotFoundError):
            if time() - found.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(found) if found.is_dir() else found.unlink()


def _suffix(path: str, compression: str) -> str:
    if compression == ZIP:
        return ".zip"
    name = path.lower().removesuffix(".gz")
    suffix = next((suffix for suffix in DATA_SUFFIXES if name.endswith(suffix)), ".csv")
    return suffix + (".gz" if compression == GZIP else "")
