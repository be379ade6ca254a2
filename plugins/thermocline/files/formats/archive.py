"""Packed files: gzip of one file, zip of many. A packed file is landed unchanged.

A member is unpacked to a generated name, never to its name in the archive, which could lead elsewhere.
"""

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from thermocline.files.content import CHUNK, GZIP, PLAIN, Unreadable, checked_expansion, opened
from thermocline.files.formats import ZIP_MARK

ZIP = "zip"
WORKBOOK_MEMBER = "xl/workbook.xml"
MOST_MEMBERS = 10_000
ARCHIVES = (".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz")


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive and not a workbook. Raise Unreadable if it's broken."""
    with path.open("rb") as file:
        if file.read(4) not in (ZIP_MARK, b"PK\x05\x06"):
            return False
    return WORKBOOK_MEMBER not in members(path)


def members(path: Path) -> list[str]:
    """Return the names of the files in a zip.

    Raise Unreadable if it is broken, encrypted, expands too far, or names a path outside itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(f"isn't a whole zip file ({error})") from error
    if len(found) > MOST_MEMBERS:
        raise Unreadable(f"holds more than {MOST_MEMBERS} files")
    for info in found:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise Unreadable("holds a path that leads out of it: pack it again without")
        if info.flag_bits & 1:
            raise Unreadable("is encrypted: pack it without a password")
    checked_expansion(sum(info.file_size for info in found), path)
    names = [info.filename for info in found]
    if len(set(names)) < len(names):
        raise Unreadable("holds two files of the same name: pack it again")
    return names


def is_packed(name: str) -> bool:
    return name.lower().endswith(ARCHIVES)


def unpacked(path: Path, compression: str, member: str, target: Path) -> Path:
    """Return the plain file: `path` itself, or its unpacked content, written to `target`.

    Raise Unreadable if it can't be unpacked.
    """
    if compression == PLAIN:
        return path
    try:
        with target.open("wb") as file:
            if compression == GZIP:
                with opened(path, GZIP) as source:
                    while chunk := source.read(CHUNK):
                        file.write(chunk)
                        checked_expansion(file.tell(), path)
            else:
                with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
                    while chunk := packed.read(CHUNK):
                        file.write(chunk)
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
        zipfile.BadZipFile,
    ) as error:
        target.unlink(missing_ok=True)
        raise Unreadable(f"isn't a whole {compression} file ({error})") from error
    except Unreadable:
        target.unlink(missing_ok=True)
        raise
    return target
