"""Exports on another machine: an object store, an SFTP server, files at web addresses.

Listed and downloaded through fsspec, never changed. A failed request is retried from the start; a file
counts once it is completely downloaded and its place still lists it unchanged.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from tenacity import RetryError, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from thermocline.company.secrets import connection
from thermocline.errors import InputError, PlaceUnreachable, ThermoclineError
from thermocline.files.credentials import options
from thermocline.files.places import LINK, NO_EXPORTS, Changed, Entry, Listing, is_data, written
from thermocline.home import Home

PROTOCOLS = {
    "s3": "s3",
    "gs": "gs",
    "gcs": "gs",
    "abfs": "abfs",
    "abfss": "abfs",
    "az": "abfs",
    "sftp": "sftp",
    "http": "http",
    "https": "http",
}
OBJECT_STORES = ("s3", "gs", "abfs")
ATTEMPTS, REST_SECONDS = 3, 0.5
BLOCK_BYTES = 8 << 20
DENIED = (
    *("AuthenticationException", "BadAuthenticationType", "PasswordRequiredException"),
    *("NoCredentialsError", "ClientAuthenticationError", "RefreshError", "DefaultCredentialsError"),
)
REFUSED_STATUS = (401, 403)
# The libraries' keys for a file's time of change, and for the version of its content.
CHANGED = ("LastModified", "last_modified", "mtime", "updated", "Last-Modified")
VERSIONS = ("ETag", "etag", "generation", "Digest", "Content-MD5")

Result = TypeVar("Result")

_RETRYING = Retrying(
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential(multiplier=REST_SECONDS, exp_base=4),
    retry=retry_if_exception(
        lambda error: isinstance(error, Exception) and not isinstance(error, (ThermoclineError, Changed))
    ),
)


def is_remote(location: str) -> bool:
    return bool(re.match(r"[a-z][a-z0-9+]*://", location))


@dataclass(frozen=True)
class Remote:
    """A remote folder, by its address; `connection` names the Airflow connection with the credentials.

    A web server's folders can't be listed: `files` names the files below the address.
    """

    home: Home = field(compare=False, repr=False)
    location: str
    connection: str | None = None
    files: tuple[str, ...] = ()
    _kept: Any = field(default_factory=SimpleNamespace, compare=False, repr=False)

    # Uploads over a network pause, so a file must be unchanged for longer until it is complete.
    patience = 15.0

    def __str__(self) -> str:
        return self.location

    def __post_init__(self) -> None:
        if self.protocol == "sftp":
            # Threads must not share an SFTP connection.
            object.__setattr__(self, "_kept", threading.local())

    @property
    def protocol(self) -> str:
        return PROTOCOLS[self.location.split("://")[0]]

    @property
    def root(self) -> str:
        """Return the folder's path in the library's form."""
        rest = self.location.split("://", 1)[1].rstrip("/")
        if self.protocol == "http":
            return self.location.rstrip("/")
        if self.protocol == "sftp":
            return "/" + rest.partition("/")[2]
        return rest

    def exists(self) -> bool:
        return True

    def local(self, entry: Entry) -> None:  # noqa: ARG002
        return None

    def listing(self) -> Listing:
        """Return all files below, sorted by path. Raise InputError, or PlaceUnreachable after ATTEMPTS."""
        listing = Listing()

        def look() -> Listing:
            listing.entries, listing.ignored, listing.left_out = [], [], {}
            for path, info in self._found():
                self._sort_in(listing, path, info)
            return listing

        self._tried(look, self.location)
        listing.entries.sort(key=lambda entry: entry.path)
        return listing

    def fetch(self, entry: Entry, target: Path) -> str:
        """Download a file; see `Place.fetch`. Raise PlaceUnreachable after ATTEMPTS."""
        name = f"{self.root}/{entry.path}"

        def download() -> str:
            with self._files().open(name, "rb", block_size=BLOCK_BYTES) as source:
                copied, sha256 = written(source, target)
            if entry.size >= 0 and copied < entry.size and self._is_unchanged(entry):
                raise EOFError
            if (entry.size >= 0 and copied != entry.size) or not self._is_unchanged(entry):
                raise Changed(entry.path)
            return sha256

        return self._tried(download, f"{self.location} ({entry.path})")

    def _is_unchanged(self, entry: Entry) -> bool:
        try:
            info = self._files().info(f"{self.root}/{entry.path}")
        except FileNotFoundError:
            return False
        return _entry(entry.path, info) == entry

    def _found(self) -> Iterator[tuple[str, dict[str, Any]]]:
        files = self._files()
        if self.files:
            for path in self.files:
                name = f"{self.root}/{path}"
                try:
                    yield path, files.info(name)
                except FileNotFoundError as error:
                    if any(_status(one) == 404 for one in _causes(error)):
                        raise InputError(
                            f"{name} doesn't exist: correct its path in `files`, or remove it"
                        ) from None
                    raise
        elif self.protocol in OBJECT_STORES:
            for name, info in files.find(self.root, detail=True).items():
                yield name.removeprefix(self.root).lstrip("/"), info
        else:
            yield from self._walked("")

    def _walked(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for info in self._files().ls(f"{self.root}/{folder}", detail=True):
            path = folder + info["name"].rstrip("/").rsplit("/", 1)[-1]
            if info["type"] == "directory" and not path.rsplit("/", 1)[-1].startswith("."):
                yield from self._walked(f"{path}/")
            else:
                yield path, info

    def _sort_in(self, listing: Listing, path: str, info: dict[str, Any]) -> None:
        *folders, name = path.split("/")
        hidden = any(part.startswith(".") for part in folders) or folders[:1] in [[n] for n in NO_EXPORTS]
        if info["type"] == "link":
            listing.left_out[path] = LINK
        elif info["type"] != "file" or hidden or not (self.files or is_data(name)):
            listing.ignored += [path] if path else []
        else:
            listing.entries.append(_entry(path, info))

    def _files(self) -> Any:
        """Return the library's file system, opened once."""
        if getattr(self._kept, "files", None) is None:
            import fsspec

            host = self.location.split("://", 1)[1].split("/")[0]
            credentials = connection(self.home, self.connection) if self.connection else None
            given = options(self.protocol, host, credentials)
            if self.protocol in OBJECT_STORES:
                given["use_listings_cache"] = False
            self._kept.files = fsspec.filesystem(self.protocol, skip_instance_cache=True, **given)
        return self._kept.files

    def _tried(self, work: Callable[[], Result], what: str) -> Result:
        """Return what `work` returns; after an error, open a new connection and retry."""

        def attempt() -> Result:
            try:
                return work()
            except (ThermoclineError, Changed):
                raise
            except Exception as error:
                self._kept.files = None
                if reason := self._reason(error, what):
                    raise reason from None
                raise

        try:
            return _RETRYING(attempt)
        except RetryError as failed:
            trouble = type(failed.last_attempt.exception()).__name__
        raise PlaceUnreachable(f"{what} can't be read ({trouble}, {ATTEMPTS} times): run again later")

    def _reason(self, error: BaseException, what: str) -> InputError | Changed | None:
        """Return an error that a retry can't fix, or None; never quote the library's text."""
        # A library's message may contain credentials.
        from thermocline.files.host_keys import UnknownHost

        chain = list(_causes(error))
        if any(isinstance(one, UnknownHost) for one in chain):
            return InputError(
                f"{self.location} shows a host key that isn't the expected one: set `host_key` in the "
                f"extra of the connection {self.connection!r}, after checking it"
            )
        refused = any(type(one).__name__ in DENIED or _status(one) in REFUSED_STATUS for one in chain)
        if refused or isinstance(error, PermissionError):
            by = f"the connection {self.connection!r}" if self.connection else "a request without connection"
            return InputError(f"{what} refuses {by}: check its credentials and what they may read")
        is_missing = isinstance(error, FileNotFoundError) and self.protocol != "http"
        if is_missing or any(_status(one) == 404 for one in chain):
            if what != self.location:
                return Changed(what)
            return InputError(f"{self.location} doesn't exist: name the folder of the exports")
        return None


def _entry(path: str, info: dict[str, Any]) -> Entry:
    size = info.get("size")
    changed = next((info[key] for key in CHANGED if info.get(key) is not None), None)
    version = next((str(info[key]) for key in VERSIONS if info.get(key) is not None), "")
    return Entry(path, -1 if size is None else int(size), _nanoseconds(changed), version)


def _nanoseconds(changed: Any) -> int:
    if isinstance(changed, str):
        try:
            changed = datetime.fromisoformat(changed)
        except ValueError:
            changed = parsedate_to_datetime(changed)
    if isinstance(changed, datetime):
        zoned = changed if changed.tzinfo else changed.replace(tzinfo=UTC)
        return int(zoned.timestamp() * 1e9)
    return int(float(changed) * 1e9) if changed else 0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """Return the HTTP status of a client library's error, or None."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    for name in ("status", "status_code", "code"):
        if isinstance(value := getattr(error, name, None), int):
            return value
    return None
