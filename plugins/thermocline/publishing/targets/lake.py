"""A folder of immutable files on any fsspec address, and names in it that are switched atomically."""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.company.secrets import connection
from thermocline.errors import ThermoclineError
from thermocline.files.credentials import Options, options
from thermocline.files.remote import OBJECT_STORES, PROTOCOLS
from thermocline.home import Home
from thermocline.publishing.targets import TargetFailed

KINDS = {kind: protocol for kind, protocol in PROTOCOLS.items() if protocol != "http"}
"""What an address may begin with, and the library's name for it; anything else is a local folder."""

_BLOCK = 1 << 22


class Lake:
    """Files below one address; paths are relative, with '/' between folders.

    Every method raises TargetFailed, without the library's message where it may contain secrets.
    """

    def __init__(self, home: Home, location: str, connection_id: str | None = None) -> None:
        kind, divider, rest = location.partition("://")
        self.home = home
        self.location = location.rstrip("/")
        self.connection_id = connection_id
        self.is_local = not divider
        self.protocol = KINDS[kind] if divider else "file"
        if self.is_local:
            self.root = str((home.root / Path(location).expanduser()).resolve())
        elif self.protocol == "sftp":
            self.root = "/" + rest.rstrip("/").partition("/")[2]
        else:
            self.root = rest.rstrip("/")
        self._opened: Any = None

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is none."""
        with self._reached(path) as files:
            try:
                return bytes(files.cat_file(self._full(path)))
            except FileNotFoundError:
                return None

    def paths(self) -> set[str]:
        """Return the paths of all files."""
        with self._reached("its list of files") as files:
            try:
                found = files.find(self.root)
            except FileNotFoundError:
                return set()
            return {str(name).removeprefix(self.root).lstrip("/") for name in found}

    def add(self, file: Path, path: str) -> None:
        """Upload a local file to a new path; readers see it whole or not at all."""
        with self._reached(path) as files:
            if self.is_local:
                place = Path(self._full(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                temporary = place.with_name(f".writing-{place.name}-{os.getpid()}")
                try:
                    shutil.copyfile(file, temporary)
                    durable.sync(temporary)
                    temporary.replace(place)
                finally:
                    temporary.unlink(missing_ok=True)
                durable.sync(place.parent)
            elif self.protocol in OBJECT_STORES:
                files.put_file(str(file), self._full(path))
            else:
                files.makedirs(self._full(path).rpartition("/")[0], exist_ok=True)
                files.put_file(str(file), f"{self._full(path)}.writing")
                files.mv(f"{self._full(path)}.writing", self._full(path))

    def put(self, path: str, content: bytes) -> None:
        """Replace a path's content; a reader finds the old content or the new."""
        with self._reached(path) as files:
            if self.is_local:
                place = Path(self._full(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                durable.replace(place, content)
            elif self.protocol in OBJECT_STORES:
                files.pipe_file(self._full(path), content)
            else:
                files.makedirs(self._full(path).rpartition("/")[0], exist_ok=True)
                files.pipe_file(f"{self._full(path)}.writing", content)
                files.mv(f"{self._full(path)}.writing", self._full(path))

    def remove(self, paths: Collection[str]) -> None:
        if paths:
            with self._reached("a file that is no longer needed") as files:
                for path in sorted(paths):
                    # The library's `rm` takes a path for a pattern, and would remove what fits it.
                    files.rm_file(self._full(path))
            if self.is_local:
                for folder in {Path(self._full(path)).parent for path in paths}:
                    if folder != Path(self.root) and not any(folder.iterdir()):
                        folder.rmdir()

    @contextmanager
    def local(self, path: str, folder: Path) -> Iterator[Path]:
        """Give a file as a local one: the file itself, or a copy in `folder` that is removed afterwards."""
        if self.is_local:
            yield Path(self._full(path))
            return
        copy = folder / hashlib.sha256(path.encode()).hexdigest()
        with self._reached(path) as files:
            files.get_file(self._full(path), str(copy))
        try:
            yield copy
        finally:
            copy.unlink()

    def hash(self, path: str) -> str:
        """Return SHA-256 of a file's bytes, in hex; empty where there is none."""
        digest = hashlib.sha256()
        with self._reached(path) as files:
            try:
                with files.open(self._full(path), "rb", block_size=_BLOCK) as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
            except FileNotFoundError:
                return ""
        return digest.hexdigest()

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}"

    @contextmanager
    def _reached(self, what: str) -> Iterator[Any]:
        import fsspec

        try:
            if self._opened is None:
                self._opened = fsspec.filesystem(
                    self.protocol,
                    use_listings_cache=False,
                    skip_instance_cache=True,
                    **self._options(),
                )
            yield self._opened
        except TargetFailed:
            raise
        except ThermoclineError as error:
            raise TargetFailed(str(error)) from error
        except OSError as error:
            self._opened = None
            raise TargetFailed(
                f"{self.location}, {what}: {error.strerror or type(error).__name__}"
            ) from error
        except Exception as error:
            # A client library's words may quote what it was configured with.
            self._opened = None
            raise TargetFailed(f"{self.location}, {what}: {type(error).__name__}") from error

    def _options(self) -> Options:
        if self.is_local:
            return {}
        credentials = None
        if self.connection_id is not None:
            credentials = connection(self.home, self.connection_id)
        return options(self.protocol, self.location.split("://", 1)[1].split("/")[0], credentials)
