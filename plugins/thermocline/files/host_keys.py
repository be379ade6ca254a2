"""Whether an SFTP server is the one that it should be."""

from pathlib import Path

import paramiko


class UnknownHost(paramiko.SSHException):
    """The server shows another key than it should, or one that nobody named."""


class KnownKey(paramiko.MissingHostKeyPolicy):
    """Accepts the named key only; without one, what `~/.ssh/known_hosts` has; or any, if told so."""

    def __init__(self, host_key: str | None, accepts_any: bool) -> None:
        self.host_key = host_key
        self.accepts_any = accepts_any

    def missing_host_key(self, _: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Called with the key that the server shows. Raises UnknownHost."""
        if self.host_key:
            if key.get_base64() not in self.host_key.split():
                raise UnknownHost(hostname)
        elif not self.accepts_any:
            known = paramiko.HostKeys()
            file = Path.home() / ".ssh" / "known_hosts"
            if file.is_file():
                known.load(str(file))
            if not known.check(hostname, key):
                raise UnknownHost(hostname)
