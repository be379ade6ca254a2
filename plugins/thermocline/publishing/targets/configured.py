"""Which targets a company has: the DuckDB file in its home, and those under `targets` in company.yml."""

import re
from collections.abc import Callable
from pathlib import Path

from thermocline.candidates import contract
from thermocline.company import settings
from thermocline.company.secrets import is_connection_id
from thermocline.home import Home
from thermocline.mapping.declaration import Declared, read
from thermocline.publishing.targets import Target
from thermocline.publishing.targets.duckdb_file import DuckDBFile

KEY = "targets"
_NAME = r"[a-z][a-z0-9_]{0,30}"


def configured(home: Home) -> list[Target]:
    """Return all targets, the DuckDB file first. Raise InputError naming file, line and key."""
    targets: list[Target] = [DuckDBFile(home)]
    for item in _declared(home):
        kinds = tuple(_KINDS)
        if "kind" not in item.entries():
            raise item.refuse(f"the key 'kind', one of {', '.join(kinds)}")
        target = _KINDS[item.entries()["kind"].choice(kinds)](home, item)
        if target.name in [other.name for other in targets]:
            named = item.entries().get("name", item.entries()["kind"])
            raise named.refuse(f"a name that no other target has, not {target.name!r}: give it a `name`")
        targets.append(target)
    return targets


def _declared(home: Home) -> list[Declared]:
    file = settings.path(home)
    if not file.exists():
        return []
    listed = read(file).entries().get(KEY)
    return [] if listed is None or listed.value is None else listed.items()


def _postgres(home: Home, item: Declared) -> Target:
    from thermocline.publishing.targets.postgres import Postgres

    fields = item.fields(["kind", "connection"], ["name", "schema", "role"])
    schema = _word(fields, "schema", contract.REPORTING_SCHEMA)
    return Postgres(
        home,
        _word(fields, "name", "postgres"),
        _connection(fields["connection"]),
        schema,
        _word(fields, "role", f"{schema}_reader"),
    )


def _parquet(home: Home, item: Declared) -> Target:
    from thermocline.publishing.targets.parquet_folder import ParquetFolder

    fields = item.fields(["kind", "location"], ["name", "connection"])
    return ParquetFolder(
        home,
        _word(fields, "name", "parquet"),
        _location(fields["location"]),
        _connection(fields["connection"]) if "connection" in fields else None,
    )


def _excel(home: Home, item: Declared) -> Target:
    from thermocline.publishing.targets.workbook import Workbook

    fields = item.fields(["kind", "folder"], ["name"])
    folder = fields["folder"].text("a folder")
    if "://" in folder:
        raise fields["folder"].refuse("a folder of this machine, or one that is mounted here")
    return Workbook(home, _word(fields, "name", "excel"), (home.root / Path(folder).expanduser()).resolve())


_KINDS: dict[str, Callable[[Home, Declared], Target]] = {
    "excel": _excel,
    "parquet": _parquet,
    "postgres": _postgres,
}


def _word(fields: dict[str, Declared], key: str, default: str) -> str:
    if key not in fields:
        return default
    text = fields[key].text()
    if not re.fullmatch(_NAME, text):
        raise fields[key].refuse(
            f"a lower-case word of at most 31 letters, digits and _, such as {default}, not {text!r}"
        )
    return text


def _connection(field: Declared) -> str:
    text = field.text("the id of an Airflow connection")
    if not is_connection_id(text):
        raise field.refuse("the id of an Airflow connection: letters, digits and _")
    return text


def _location(field: Declared) -> str:
    from thermocline.publishing.targets.lake import KINDS

    expected = f"a folder, or an address of one of {', '.join(KINDS)}, without login or password"
    text = field.text(expected)
    kind, divider, rest = text.partition("://")
    # abfss://container@account is no login.
    login = "@" in rest.split("/")[0] and (":" in rest.split("@")[0] or KINDS.get(kind) != "abfs")
    if divider and (kind not in KINDS or login):
        raise field.refuse(expected)
    return text
