"""A server that OpenLineage events are sent to, and the events of a home's file."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import jsonschema
from thermocline.home import Home

KEY = "k3y-that-nobody-may-read"
FACETS = {"type": "object", "additionalProperties": {"required": ["_producer", "_schemaURL"]}}
DATASETS = {
    "type": "array",
    "items": {
        "required": ["namespace", "name"],
        "properties": {"facets": FACETS, "inputFacets": FACETS, "outputFacets": FACETS},
    },
}
SHAPE = {
    "required": ["eventTime", "producer", "schemaURL", "eventType", "run", "job", "inputs", "outputs"],
    "properties": {
        "eventTime": {"format": "date-time"},
        "producer": {"pattern": "^urn:thermocline:"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "eventType": {"enum": ["START", "COMPLETE", "FAIL", "ABORT"]},
        "run": {
            "required": ["runId"],
            "properties": {"runId": {"format": "uuid", "type": "string"}, "facets": FACETS},
        },
        "job": {"required": ["namespace", "name"], "properties": {"facets": FACETS}},
        "inputs": DATASETS,
        "outputs": DATASETS,
    },
}
"""What OpenLineage 2-0-2 requires of a run event and its facets."""


class Server(HTTPServer):
    """Keeps what is posted: path, Authorization, event."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listening)
        self.got: list[tuple[str, str | None, dict[str, Any]]] = []
        self.answer = 201

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Listening(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, self.headers["Authorization"], event))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def listening() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def unused_port() -> int:
    with HTTPServer(("127.0.0.1", 0), Listening) as closed:
        return closed.server_port


@contextmanager
def nothing_configured(folder: Path, **given: str) -> Iterator[None]:
    """An environment of its own, without OpenLineage's settings; the client leaves its marks there."""
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            del os.environ[name]
        os.environ |= {"HOME": str(folder), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **given}
        yield


def told(home: Home) -> list[dict[str, Any]]:
    """The events of the file, each of the right shape."""
    events = [json.loads(line) for line in home.openlineage.read_text(encoding="utf-8").splitlines()]
    for event in events:
        jsonschema.validate(event, SHAPE, format_checker=jsonschema.FormatChecker())
    return events
