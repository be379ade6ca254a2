"""Personal data stay out of reporting, decided once, before anything is hashed or published."""

import hashlib
import hmac

import duckdb
import pytest
from made_company import build, run
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.publishing.publication import targets

SECRET = "a long random key of this company"
NAMED = """
alter table reporting.account_segments add account_name varchar;
update reporting.account_segments set account_name = if(account_code = '3', null, 'Müller ' || account_code)
"""
REACHED = """
alter table reporting.account_segments add email varchar;
alter table reporting.account_segments add billing_phone varchar;
update reporting.account_segments set email = 'ann@example.com', billing_phone = '+49 30 123456';
create table reporting.quarantine as from (values
    ('closed_at', 'tomorrow'), ('email', 'ann@@example.com'), ('phone', '0'), (null, 'Ann;ann@example.com;x')
) as made(column_name, value)
"""


def configure(home: Home, *lines: str, key: str | None = "pii_key") -> None:
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\nprivacy:\n"
        + (f"  key: {key}\n" if key else "")
        + "  columns:\n"
        + "".join(f"    {line}\n" for line in lines)
    )


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PII_KEY", f'{{"conn_type": "generic", "password": "{SECRET}"}}')


def held(candidate: Candidate, table: str, columns: str) -> list[tuple[object, ...]]:
    return duckdb.sql(f"select {columns} from {candidate.tables[table].relation} order by all").fetchall()


def test_a_hashed_column_is_keyed_and_a_dropped_one_is_null(home: Home) -> None:
    configure(home, "account_segments.account_name: hashed", "account_timeline.source_file: dropped")
    run(home, change=NAMED)
    candidate = next(Candidate.read(home, path.name) for path in home.candidates.iterdir())
    digest = {
        code: hmac.new(SECRET.encode(), f"Müller {code}".encode(), hashlib.sha256).hexdigest()
        for code in ("1", "2", "4", "5")
    }
    assert held(candidate, "account_segments", "account_code, account_name") == [
        ("1", digest["1"]),
        ("2", digest["2"]),
        ("3", None),
        ("4", digest["4"]),
        ("5", digest["5"]),
    ]
    assert set(held(candidate, "account_timeline", "source_file")) == {(None,)}
    assert candidate.tables["account_timeline"].columns["source_file"] == "VARCHAR"
    (target,) = targets(home)
    assert (
        target.tables("2011-12-09-0001")["account_segments"].content
        == candidate.tables["account_segments"].hashes.content
    )
    assert verify(home).lines()[0].startswith("intact")
    kept = b"".join(
        path.read_bytes() for path in home.root.rglob("*") if path.is_file() and path != home.warehouse
    )
    assert SECRET.encode() not in kept + home.warehouse.read_bytes()
    for name in ("Müller 1".encode(), "Müller 5".encode()):
        assert name not in kept


def test_email_phone_and_whole_records_stay_out_unless_shown(home: Home) -> None:
    reached = build(home, change=REACHED)
    assert set(held(reached, "account_segments", "email, billing_phone")) == {(None, None)}
    assert held(reached, "quarantine", "column_name, value") == [
        ("closed_at", "tomorrow"),
        ("email", None),
        ("phone", None),
        (None, None),
    ]
    configure(home, "account_segments.email: shown", "quarantine.value: shown", key=None)
    shown = build(home, change=REACHED)
    assert shown.content_hash != reached.content_hash
    assert set(held(shown, "account_segments", "email, billing_phone")) == {("ann@example.com", None)}
    assert (None, "Ann;ann@example.com;x") in held(shown, "quarantine", "column_name, value")


def test_a_nul_is_shown_as_its_symbol_in_every_target(home: Home) -> None:
    candidate = build(home, change="update reporting.account_timeline set source_file = 'a' || chr(0) || 'b'")
    assert set(held(candidate, "account_timeline", "source_file")) == {("a␀b",)}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["account_segments.nme: hashed"],
            r"company\.yml, line 5, .*account_segments\.nme: expected a published",
        ),
        (["account_segments.heat: hashed"], r"line 5, .*heat: expected dropped or shown: only texts can be"),
        (
            ["account_segments.account_code: gone"],
            r"line 5, .*expected one of hashed, dropped, shown, not 'gone'",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_place(home: Home, lines: list[str], message: str) -> None:
    configure(home, *lines)
    with pytest.raises(InputError, match=message):
        build(home)
    assert list(home.candidates.iterdir()) == []


def test_hashing_needs_a_long_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(home, "account_segments.account_code: hashed", key=None)
    with pytest.raises(InputError, match=r"line 3, privacy: expected the key 'key', an Airflow connection"):
        build(home)
    configure(home, "account_segments.account_code: hashed")
    monkeypatch.setenv("AIRFLOW_CONN_PII_KEY", '{"conn_type": "generic", "password": "fifteen letters"}')
    with pytest.raises(InputError, match="shorter than 16 characters") as refused:
        build(home)
    assert "fifteen" not in str(refused.value)
    monkeypatch.setenv("AIRFLOW_CONN_PII_KEY", '{"conn_type": "generic", "password": "sixteen letters!"}')
    build(home)
