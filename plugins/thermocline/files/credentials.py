"""Translate an Airflow connection into the options of the library that reads a place.

Secrets are neither stored nor shown; messages name the connection's id.
"""

import base64
import json
from pathlib import Path
from typing import Any

from thermocline.company.secrets import Connection
from thermocline.errors import InputError

CONNECT_SECONDS, READ_SECONDS = 15, 120
Options = dict[str, Any]


def options(protocol: str, host: str, credentials: Connection | None) -> Options:
    """Return fsspec's options for a place; `host` is the bucket, container or server of its address.

    Without a connection, an object store is read with the machine's own credentials (its role, its
    configuration), a server without a login. Raise InputError if a key can't be read.
    """
    given = credentials or Connection("")
    if protocol == "s3":
        return _s3(given)
    if protocol == "gs":
        return _google(given)
    if protocol == "abfs":
        return _azure(given)
    if protocol == "sftp":
        return _sftp(host, given)
    return _http(given)


def _s3(given: Connection) -> Options:
    """Read login and password as the key's id and secret; extra as in Airflow's `aws` connections."""
    extra = given.extra
    waits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    found: Options = {"config_kwargs": waits | extra.get("config_kwargs", {})}
    found |= _some(key=given.login, secret=given.password, token=extra.get("aws_session_token"))
    found |= _some(endpoint_url=extra.get("endpoint_url"), profile=extra.get("profile_name"))
    if region := extra.get("region_name"):
        found["client_kwargs"] = {"region_name": region}
    return found


def _google(given: Connection) -> Options:
    """Read extra `keyfile_dict` (a service account's key) or `key_path`; else use the machine's own."""
    extra = given.extra
    key = extra.get("keyfile_dict")
    token = json.loads(key) if isinstance(key, str) else key or extra.get("key_path") or "google_default"
    return {"token": token, **_some(project=extra.get("project"), endpoint_url=extra.get("endpoint_url"))}


def _azure(given: Connection) -> Options:
    """Read login and password as account and key; with extra `tenant_id`, as client id and client secret."""
    extra = given.extra
    account = extra.get("account_name") or (given.host or "").removeprefix("https://").split(".")[0]
    common = _some(connection_string=extra.get("connection_string"), sas_token=extra.get("sas_token"))
    if tenant := extra.get("tenant_id"):
        secret = {"client_id": given.login, "client_secret": given.password, "tenant_id": tenant}
        return common | secret | _some(account_name=account)
    return common | _some(account_name=given.login or account, account_key=given.password)


def _sftp(host: str, given: Connection) -> Options:
    """Read login with password, extra `key_file` or `private_key`; extra `host_key` is the server's key."""
    import paramiko

    from thermocline.files.host_keys import KnownKey

    extra = given.extra
    found: Options = {
        "host": given.host or host.partition(":")[0],
        "port": given.port or int(host.partition(":")[2] or 22),
        "host_key_policy": KnownKey(extra.get("host_key"), bool(extra.get("no_host_key_check"))),
        "timeout": CONNECT_SECONDS,
        "banner_timeout": CONNECT_SECONDS,
        "auth_timeout": CONNECT_SECONDS,
        "look_for_keys": False,
        "allow_agent": False,
    }
    found |= _some(username=given.login, password=given.password)
    if key_file := extra.get("key_file"):
        found["key_filename"] = str(Path(key_file).expanduser())
    elif private_key := extra.get("private_key"):
        try:
            found["pkey"] = paramiko.PKey.from_private_bytes(private_key.encode())
        except Exception:
            raise InputError(
                f"the private_key of the connection {given.connection_id!r} can't be read: enter it whole"
            ) from None
    return found


def _http(given: Connection) -> Options:
    """Read login and password for basic authentication; extra `headers` are sent unchanged."""
    import aiohttp

    waits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    headers = dict(given.extra.get("headers") or {})
    if given.login:
        login = base64.b64encode(f"{given.login}:{given.password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    return {"client_kwargs": {"timeout": waits, "headers": headers}}


def _some(**values: Any) -> Options:
    return {name: value for name, value in values.items() if value}
