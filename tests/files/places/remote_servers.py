"""Real servers on loopback, started for the tests: S3, SFTP and HTTP."""

import asyncio
import base64
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
from moto.server import ThreadedMotoServer

LOOPBACK = "127.0.0.1"
LOGIN, PASSWORD = "exporter", "correct horse battery"


@contextmanager
def s3() -> Iterator[str]:
    """The address of an S3 server without buckets."""
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


class _Files(asyncssh.SFTPServer):
    """Serves a folder; `breaks` is asked at every read whether the connection breaks now."""

    breaks: Callable[[], bool] = staticmethod(lambda: False)

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        if type(self).breaks():
            self._chan.get_connection().abort()
        return super().read(file_obj, offset, size)


class _Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN, PASSWORD)


class Sftp:
    """An SFTP server of a folder, in a thread of its own; `breaks` may be set at any time."""

    def __init__(self, root: Path) -> None:
        self.breaks: Callable[[], bool] = lambda: False
        self.port = 0
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = key.export_public_key().decode().strip()
        started = threading.Event()

        class Files(_Files):
            breaks = staticmethod(lambda: self.breaks())

            def __init__(files, channel: Any) -> None:  # noqa: N805
                super().__init__(channel, chroot=str(root).encode())
                files._chan = channel

        async def serve() -> None:
            self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
            server = await asyncssh.listen(
                LOOPBACK, 0, server_host_keys=[key], server_factory=_Login, sftp_factory=Files
            )
            self.port = server.get_port()
            started.set()
            await self._done.wait()
            server.close()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        started.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(20)


class Web:
    """A web server of a folder that wants a login, and may end an answer too early."""

    def __init__(self, root: Path) -> None:
        self.breaks: Callable[[], bool] = lambda: False
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, directory=str(root), **named)

            def send_head(self) -> Any:
                outer.asked.append(f"{self.command} {self.path}")
                if self.headers.get("Authorization") != outer.wanted:
                    self.send_error(401)
                    return None
                return super().send_head()

            def copyfile(self, source: Any, outputfile: Any) -> None:
                if outer.breaks():
                    outputfile.write(source.read(100))
                    outputfile.flush()
                    self.connection.close()
                else:
                    super().copyfile(source, outputfile)

            def log_message(self, *_: Any) -> None:
                pass

        self.wanted = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        self._server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.address = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Proxy:
    """Forward bytes between a client and a server; cut a response after its first bytes if configured."""

    def __init__(self, address: str) -> None:
        self.breaks: Callable[[], bool] = lambda: False
        host, _, port = address.removeprefix("http://").partition(":")
        self._server = socket.create_server((LOOPBACK, 0))
        self.address = f"http://{LOOPBACK}:{self._server.getsockname()[1]}"

        def accept() -> None:
            while True:
                try:
                    client, _ = self._server.accept()
                except OSError:
                    return
                upstream = socket.create_connection((host, int(port)))
                for ends, may_break in (((client, upstream), False), ((upstream, client), True)):
                    threading.Thread(target=self._hand_on, args=(*ends, may_break), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, may_break: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                is_body = may_break and len(data) > 20_000
                if is_body and self.breaks():
                    target.sendall(data[:9000])
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.close()
