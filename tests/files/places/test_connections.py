"""What a connection becomes for each kind of place, and what a source may say of its place.

No server of Google's or Azure's runs here: only the options for their libraries are checked.
"""

import inspect
import json

import pytest
from thermocline.company.secrets import Connection
from thermocline.errors import InputError
from thermocline.files.credentials import options
from thermocline.files.remote import Remote
from thermocline.home import Home
from thermocline.landing.catalogue import sources

KEY = {"type": "service_account", "client_email": "a@b.c", "private_key": "secret"}


@pytest.mark.parametrize(
    ("protocol", "credentials", "expected"),
    [
        ("gs", None, {"token": "google_default"}),
        ("gs", {"extra": {"keyfile_dict": KEY, "project": "p"}}, {"token": KEY, "project": "p"}),
        ("gs", {"extra": {"keyfile_dict": json.dumps(KEY)}}, {"token": KEY}),
        ("gs", {"extra": {"key_path": "/keys/a.json"}}, {"token": "/keys/a.json"}),
        ("abfs", {"login": "acc", "password": "k"}, {"account_name": "acc", "account_key": "k"}),
        (
            "abfs",
            {
                "login": "id",
                "password": "s",
                "host": "https://acc.blob.core.windows.net",
                "extra": {"tenant_id": "t"},
            },
            {"account_name": "acc", "client_id": "id", "client_secret": "s", "tenant_id": "t"},
        ),
        (
            "abfs",
            {"login": "acc", "extra": {"sas_token": "sv=1"}},
            {"account_name": "acc", "sas_token": "sv=1"},
        ),
        ("abfs", {"extra": {"connection_string": "A=B"}}, {"connection_string": "A=B"}),
        (
            "s3",
            {"login": "id", "password": "s", "extra": {"region_name": "eu-west-1", "aws_session_token": "t"}},
            {
                "key": "id",
                "secret": "s",
                "token": "t",
                "client_kwargs": {"region_name": "eu-west-1"},
                "config_kwargs": {"connect_timeout": 15, "read_timeout": 120},
            },
        ),
    ],
)
def test_a_connection_becomes_the_librarys_options(protocol, credentials, expected):
    given = Connection("there", **credentials) if credentials else None
    assert options(protocol, "bucket", given) == expected


def test_the_libraries_know_these_options():
    import adlfs
    import gcsfs

    azure = {"account_name", "account_key", "connection_string", "sas_token", "tenant_id"}
    azure |= {"client_id", "client_secret"}
    assert azure <= set(inspect.signature(adlfs.AzureBlobFileSystem.__init__).parameters)
    google = {"token", "project", "endpoint_url"}
    assert google <= set(inspect.signature(gcsfs.core.GCSFileSystem.__init__).parameters)


def test_a_connection_never_shows_its_secrets():
    shown = repr(Connection("x", login="me", password="secret", extra={"token": "secret"}))
    assert "secret" not in shown


def declared(home: Home, **said: object) -> tuple:
    (home.config / "sources.yml").write_text(json.dumps({"sources": [{"mapping": "kontor", **said}]}))
    return sources(home)


def test_an_address_is_a_place_of_its_own(home):
    [source] = declared(home, location="s3://bucket/a/b/", connection="there")
    assert source.place(home) == Remote(home, "s3://bucket/a/b/", "there")
    assert (source.place(home).protocol, source.place(home).root) == ("s3", "bucket/a/b")
    [source] = declared(home, location="https://a.example/x", files=["a.csv", "b.csv"])
    assert source.place(home) == Remote(home, "https://a.example/x", None, ("a.csv", "b.csv"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"location": "ftp://host/x"}, "location: expected a folder, or an address of one of s3, gs"),
        ({"location": "sftp://me:hunter2@host/x"}, "location: expected an address without login"),
        (
            {"location": "https://a.example/x?sig=hunter2", "files": "a.csv"},
            "expected an address without login",
        ),
        ({"location": "s3://"}, "location: expected an address without login"),
        ({"location": "https://a.example/x"}, "location: expected `files` beside a web address"),
        ({"location": "s3://b/x", "files": ["a"]}, "files: expected no `files` beside an address"),
        ({"location": "https://a.example/x", "files": ["a#1.csv"]}, "files: expected no # in a web address"),
        ({"location": "https://a.example/x#1", "files": ["a.csv"]}, "location: expected no # in a web"),
        (
            {"location": "exports", "connection": "there"},
            "connection: expected no `connection` beside",
        ),
    ],
)
def test_a_place_that_cannot_be_is_refused_by_line_and_key(home, said, expected):
    with pytest.raises(InputError, match=expected) as it:
        declared(home, **said)
    assert "line 1" in str(it.value)
    assert "hunter2" not in str(it.value)
