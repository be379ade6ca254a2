"""One file into the landing: read once, hashed on the way, never changed at its source."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path
from time import time
from typing import BinaryIO

from thermocline.durable import READ_ONLY
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.sources.content import CHUNK, GZIP, examine
from thermocline.sources.manifest import Identity, LandedFile
from thermocline.sources.places import DATA_SUFFIXES, Entry, Folder
from thermocline.sources.recognition import Recognition

ABANDONED_SECONDS = 24 * 3600


class Changed(Exception):
    """The file changed while it was read."""


def copy(
    home: Home,
    folder: Folder,
    entry: Entry,
    source: str,
    recognition: Recognition,
    key: str,
    landed: set[Identity],
) -> LandedFile:
    """Copy a recognised file to `landing/<2 hex>/<sha256><suffix>`, on the disk when this returns.

    What is among `landed` already is described only.

    Raises Changed if it isn't what was listed, Unreadable if it can't be unpacked or decoded.
    """
    mapping, feed = recognition.mapping, recognition.feed
    if mapping is None or feed is None:
        raise ValueError("only a recognised file is copied")
    incoming = _incoming(home)
    try:
        sha256 = _copy_bytes(folder, entry, incoming)
        content = examine(incoming, recognition.compression, sha256)
        records = content.records - 1
        file = LandedFile(
            source=source,
            system=mapping.system,
            mapping=mapping.name,
            feed=feed.name,
            sha256=sha256,
            content_sha256=content.sha256,
            landed_as=f"{sha256[:2]}/{sha256}{_suffix(entry.path, recognition.compression)}",
            bytes=entry.size,
            mtime_ns=entry.mtime_ns,
            compression=recognition.compression,
            encoding=content.encoding,
            delimiter=recognition.delimiter,
            header=recognition.header,
            records=records,
            blank_lines=content.blank_lines,
            is_regular=content.is_regular,
            extent=feed.extent,
            rhythm_days=feed.rhythm_days,
            empty_delivery="" if records else key,
        )
        if file.identity not in landed:
            incoming.chmod(READ_ONLY)
            target = home.landing / file.landed_as
            target.parent.mkdir(exist_ok=True)
            incoming.replace(target)
    finally:
        incoming.unlink(missing_ok=True)
    return file


def remove_abandoned(home: Home) -> None:
    """Remove temporary files that killed runs left behind a day ago or earlier."""
    for file in (home.landing / ".incoming").glob("*"):
        with suppress(FileNotFoundError):
            if time() - file.stat().st_mtime > ABANDONED_SECONDS:
                file.unlink()


def _incoming(home: Home) -> Path:
    folder = home.landing / ".incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{os.getpid()}-{threading.get_ident()}"


def _copy_bytes(folder: Folder, entry: Entry, target: Path) -> str:
    """The SHA-256 of what was copied."""
    with _opened(folder, entry) as source:
        digest = hashlib.sha256()
        copied = 0
        try:
            with target.open("wb") as file:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    copied += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ThermoclineError(
                f"{target.parent.parent} can't be written ({error.strerror}): make room or make "
                "it writable, then run again"
            ) from error
    if copied != entry.size or not folder.is_unchanged(entry):
        raise Changed(entry.path)
    return digest.hexdigest()


def _opened(folder: Folder, entry: Entry) -> BinaryIO:
    """The file as listed: a link that took its place meanwhile isn't followed."""
    try:
        return os.fdopen(os.open(folder.local(entry), os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except PermissionError:
        raise
    except OSError as error:
        raise Changed(entry.path) from error


def _suffix(path: str, compression: str) -> str:
    name = path.lower().removesuffix(".gz")
    suffix = next((suffix for suffix in DATA_SUFFIXES if name.endswith(suffix)), ".csv")
    return suffix + (".gz" if compression == GZIP else "")
