"""Targets as company.yml names them."""

import pytest
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.publishing.publication import targets

TWO = "  - {kind: postgres, connection: bi}\n  - {kind: postgres, connection: other"


def configure(home: Home, text: str) -> None:
    (home.config / "company.yml").write_text(f"reporting_currency: GBP\ntargets:\n{text}")


def test_the_duckdb_file_leads_and_further_targets_follow_in_their_order(home: Home) -> None:
    assert [target.name for target in targets(home)] == ["duckdb"]
    configure(
        home, f"{TWO}, name: other}}\n  - {{kind: excel, folder: x}}\n  - {{kind: parquet, location: y}}\n"
    )
    assert [target.name for target in targets(home)] == ["duckdb", "postgres", "other", "excel", "parquet"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  - {kind: duckdb}\n",
            r"line 3, targets\[1\]\.kind: expected one of excel, parquet, postgres, not 'duckdb'",
        ),
        ("  - {connection: bi}\n", r"line 3, targets\[1\]: expected the key 'kind'"),
        ("  - {kind: postgres}\n", r"line 3, targets\[1\]: expected the key 'connection'"),
        (
            "  - {kind: postgres, connection: bi, pasword: x}\n",
            r"pasword: expected one of the keys kind, connection",
        ),
        ("  - {kind: postgres, connection: a b}\n", r"connection: expected the id of an Airflow connection"),
        ("  - {kind: postgres, connection: bi, schema: 'a\"b'}\n", r"schema: expected a lower-case word"),
        (
            f"{TWO}}}\n",
            r"line 4, targets\[2\]\.kind: expected a name that no other target has, not 'postgres'",
        ),
        ("  - {kind: excel, folder: 's3://x/y'}\n", r"folder: expected a folder of this machine"),
        (
            "  - {kind: parquet, location: 'https://x/y'}\n",
            r"location: expected a folder, or an address of one of s3",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_place(home: Home, text: str, message: str) -> None:
    configure(home, text)
    with pytest.raises(InputError, match=rf"company\.yml, .*{message}"):
        targets(home)
