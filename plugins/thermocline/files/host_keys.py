"""Host key check: whether an SFTP server is the expected one."""

from pathlib import Path

import paramiko


class UnknownHost(paramiko.SSHException):
    """The server's key differs from the expected one, or no key is known for it."""


class KnownKey(paramiko.MissingHostKeyPolicy):
    """Accept the given key only; without one, the keys of `~/.ssh/known_hosts`, or any if configured."""

    def __init__(self, host_key: str | None, accepts_any: bool) -> None:
        self.host_key = host_key
        self.accepts_any = accepts_any

    def missing_host_key(self, _: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Check the key that the server shows. Raise UnknownHost unless it is accepted."""
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
