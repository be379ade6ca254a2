"""A place of each kind, its server running, and a home that is screened on what lies there."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import remote_servers
from remote_servers import LOGIN, PASSWORD
from thermocline.files import remote
from thermocline.home import Home

HOUR = 3600


@dataclass
class There:
    """A place under test. `put` writes a file that has settled, `breaks` cuts connections if true."""

    location: str
    connection: dict[str, Any]
    put: Callable[[str, bytes], None]
    read: Callable[[str], bytes]
    breaks: Callable[[Callable[[], bool]], None]
    files: list[str]

    def declare(self, home: Home, monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
        """Make it the home's only source, with its connection `there` set in the environment."""
        monkeypatch.setenv("AIRFLOW_CONN_THERE", json.dumps(self.connection | changed))
        monkeypatch.setenv("AIRFLOW_HOME", str(home.airflow))
        source: dict[str, object] = {"mapping": "kontor", "location": self.location, "connection": "there"}
        if self.location.startswith("http"):
            source["files"] = self.files
        (home.config / "sources.yml").write_text(json.dumps({"sources": [source]}))


def put_file(root: Path, files: list[str]) -> Callable[[str, bytes], None]:
    def put(path: str, content: bytes) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        changed = target.stat().st_mtime - HOUR
        os.utime(target, (changed, changed))
        files.append(path)

    return put


@pytest.fixture(scope="session")
def s3_address() -> Iterator[tuple[str, remote_servers.Proxy]]:
    with remote_servers.s3() as address:
        proxy = remote_servers.Proxy(address)
        yield address, proxy
        proxy.stop()


@pytest.fixture
def s3(s3_address, request) -> There:
    import boto3

    address, proxy = s3_address
    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="made", aws_secret_access_key="made-up",
        region_name="us-east-1",
    )  # fmt: skip
    bucket = f"exports-{abs(hash(request.node.name))}"
    client.create_bucket(Bucket=bucket)
    # An object is there whole or not at all; moto dates it now.
    request.getfixturevalue("monkeypatch").setattr(remote.Remote, "patience", 0.0)

    def breaks(when: Callable[[], bool]) -> None:
        proxy.breaks = when

    breaks(lambda: False)
    extra = {"endpoint_url": proxy.address, "region_name": "us-east-1"}
    extra["config_kwargs"] = {"retries": {"max_attempts": 1}, "read_timeout": 5}
    return There(
        f"s3://{bucket}/billing",
        {"conn_type": "aws", "login": "made", "password": "made-up-secret", "extra": extra},
        lambda path, content: client.put_object(Bucket=bucket, Key=f"billing/{path}", Body=content),
        lambda path: client.get_object(Bucket=bucket, Key=f"billing/{path}")["Body"].read(),
        breaks,
        [],
    )


@pytest.fixture
def sftp(tmp_path) -> Iterator[There]:
    root = tmp_path / "served"
    (root / "billing").mkdir(parents=True)
    server = remote_servers.Sftp(root)
    extra = {"host_key": server.host_key}
    yield There(
        f"sftp://127.0.0.1:{server.port}/billing",
        {"conn_type": "sftp", "login": LOGIN, "password": PASSWORD, "extra": extra},
        put_file(root / "billing", []),
        lambda path: (root / "billing" / path).read_bytes(),
        lambda when: setattr(server, "breaks", when),
        [],
    )
    server.stop()


@pytest.fixture
def web(tmp_path) -> Iterator[There]:
    root = tmp_path / "served"
    root.mkdir()
    server = remote_servers.Web(root)
    files: list[str] = []
    yield There(
        server.address,
        {"conn_type": "http", "login": LOGIN, "password": PASSWORD},
        put_file(root, files),
        lambda path: (root / path).read_bytes(),
        lambda when: setattr(server, "breaks", when),
        files,
    )
    server.stop()


@pytest.fixture(params=["s3", "sftp", "web"])
def there(request, monkeypatch) -> There:
    monkeypatch.setattr(remote, "REST_SECONDS", 0.01)
    return request.getfixturevalue(request.param)
