"""What of the published tables stays out of reporting: applied once, when a candidate is frozen.

So no candidate holds it, the content hash is the same on all targets, and verifying needs no key.

    privacy:
      key: pii_key                              an Airflow connection, whose password is the key
      columns:
        account_segments.account_name: hashed   hashed, dropped or shown

`hashed` is HMAC-SHA256 of the text's UTF-8, in hex (RFC 2104); equal texts have equal hashes, so
tables still join. `dropped` is null. Email and phone, and rejected records as a whole, are dropped
unless they are `shown`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import duckdb

from thermocline.company import settings
from thermocline.company.secrets import connection as airflow_connection
from thermocline.company.secrets import is_connection_id
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.mapping.declaration import Declared, read
from thermocline.sql import quoted

KEY = "privacy"
TREATMENTS = ("hashed", "dropped", "shown")
PRIVATE = ("email", "phone")
SHORTEST_KEY = 16
_BLOCK = 64
_INNER, _OUTER = "thermocline_privacy_inner", "thermocline_privacy_outer"
# Values of these columns and whole records stay out of the published quarantine.
_QUARANTINE = "case when column_name is not null and column_name not in ('email', 'phone') then value end"


@dataclass(frozen=True)
class Privacy:
    """The company's choice: treatments by `<table>.<column>`, and the connection that holds the key."""

    columns: Mapping[str, Declared] = field(default_factory=dict)
    key: str | None = None

    @classmethod
    def of(cls, home: Home) -> "Privacy":
        """Read the company's choice. Raise InputError naming file, line and key."""
        file = settings.path(home)
        declared = read(file).entries().get(KEY) if file.exists() else None
        if declared is None or declared.value is None:
            return cls()
        fields = declared.fields([], ["key", "columns"])
        columns = fields["columns"].entries() if "columns" in fields else {}
        for treatment in columns.values():
            treatment.choice(TREATMENTS)
        key = fields["key"].text("the id of an Airflow connection") if "key" in fields else None
        if key is not None and not is_connection_id(key):
            raise fields["key"].refuse("the id of an Airflow connection: letters, digits and _")
        if key is None and any(treatment.value == "hashed" for treatment in columns.values()):
            raise declared.refuse(
                "the key 'key', an Airflow connection whose password is the key of the hashes"
            )
        return cls(columns, key)

    def cursors(
        self, home: Home, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Mapping[str, str]]
    ) -> Callable[[], duckdb.DuckDBPyConnection]:
        """Check that every named column is published; return a function that opens cursors which know the
        key.
        """
        published = {f"{table}.{column}" for table, columns in tables.items() for column in columns}
        for name, declared in self.columns.items():
            if name not in published:
                raise declared.refuse("a published <table>.<column>, such as account_segments.account_name")
        variables = dict(zip((_INNER, _OUTER), _pads(self._secret(home)), strict=True)) if self.key else {}

        def cursor() -> duckdb.DuckDBPyConnection:
            opened = connection.cursor()
            for variable, pad in variables.items():
                opened.execute(f"set variable {variable} = ?", [pad])
            return opened

        return cursor

    def treated(self, table: str, columns: Mapping[str, str]) -> dict[str, str]:
        """Return SQL by column, for the columns not published as they are. Raise InputError."""
        found: dict[str, str] = {}
        for column, kind in columns.items():
            declared = self.columns.get(f"{table}.{column}")
            treatment = declared.value if declared else _default(table, column)
            if treatment == "hashed":
                if declared and kind != "VARCHAR":
                    raise declared.refuse(f"dropped or shown: only texts can be hashed, and this is {kind}")
                found[column] = _hmac(column)
            elif treatment == "dropped":
                found[column] = f"null::{kind}"
            elif treatment == "unrecognised":
                found[column] = _QUARANTINE
            elif kind == "VARCHAR":
                # PostgreSQL holds no NUL; the same text has to be in every target. Looking for it first takes
                # half the time.
                text = quoted(column)
                found[column] = f"if(contains({text}, chr(0)), replace({text}, chr(0), chr(9216)), {text})"
        return found

    def _secret(self, home: Home) -> bytes:
        password = airflow_connection(home, str(self.key)).password or ""
        if len(password) < SHORTEST_KEY:
            raise InputError(
                f"Airflow connection {self.key}: its password, the key of hashed columns, is shorter than "
                f"{SHORTEST_KEY} characters: make it a long random one, and keep it"
            )
        return password.encode()


def _default(table: str, column: str) -> str:
    if (table, column) == ("quarantine", "value"):
        return "unrecognised"
    return "dropped" if column.split("_")[-1] in PRIVATE else "shown"


def _pads(key: bytes) -> tuple[bytes, bytes]:
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _hmac(column: str) -> str:
    inner = f"unhex(sha256(getvariable('{_INNER}')::blob || encode({quoted(column)})))"
    return f"sha256(getvariable('{_OUTER}')::blob || {inner})"
