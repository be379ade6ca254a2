"""Files of every shipped mapping, and the ways in which they get damaged. Drawn from a seed."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import openpyxl
from thermocline.mapping.canonical import BOOLEAN, DATE, INTEGER, TIMESTAMP
from thermocline.mapping.model import Feed, Mapping, Mappings, Rule

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252")
HOSTILE = (
    *("'; drop table raw.files; --", '=HYPERLINK("http://x")', "<script>alert(1)</script>", "{{ 1 }}"),
    *("../../etc/passwd", "\0", "\ufeff", "💥", "ß\u0301", '"', '""', "\n", "\r", "\\", "%s", "NULL", "nan"),
    *("0001-01-01", "9999-12-31", "2024-02-30", "01/02/2024", "1.234,56", "(5)", "€ 5", "inf", "9" * 40),
    *("1e400", "-0", "\t", " ", "x" * 5000),
)
TOKENS = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b'""',
    b"\0",
    b"\xe9",
    b"\xff\xfe",
    b";",
    b"{",
    b"]",
    b"",
)


@dataclass(frozen=True)
class Made:
    """A file to deliver: its path, its bytes."""

    path: str
    content: bytes


def files(mappings: Mappings, seed: int) -> Iterator[Made]:
    """Damaged files without end, over all mappings and feeds."""
    draw = random.Random(seed)
    feeds = [(mapping, feed) for mapping in mappings.values() for feed in mapping.feeds]
    number = 0
    while True:
        mapping, feed = feeds[number % len(feeds)]
        number += 1
        yield made(draw, mapping, feed, number)


def made(draw: random.Random, mapping: Mapping, feed: Feed, number: int) -> Made:
    """One damaged file of a feed."""
    header = list(dict.fromkeys(aliases[0] for aliases in (*feed.inputs, *feed.required)))
    records = [_record(draw, feed, header, n) for n in range(draw.choice((0, 1, 3, 3, 12, 12)))]
    for _ in range(draw.randrange(3)):
        draw.choice(ON_RECORDS)(draw, header, records)
    is_nested = bool(feed.records) or any("." in name for name in header)
    write = _json if is_nested else draw.choice((_delimited, _delimited, _delimited, _json, _workbook))
    suffix, content = write(draw, feed, header, records)
    # A damaged byte costs a whole workbook, and a whole document that isn't in lines.
    is_frail = suffix in (".xlsx", ".json")
    for _ in range(draw.choice((0, 0, 0, 0, 1) if is_frail else (0, 1, 1, 2, 3))):
        content = draw.choice(ON_BYTES)(draw, content)
    name = f"{mapping.name}/2024-01-{1 + number % 28:02}/{feed.name}{number}{suffix}"
    return draw.choice(PACKINGS)(name, content)


def _record(draw: random.Random, feed: Feed, header: list[str], n: int) -> list[str]:
    return [_cell(draw, feed, name, n) for name in header]


def _cell(draw: random.Random, feed: Feed, name: str, n: int) -> str:
    if draw.random() < 0.03:
        return draw.choice(HOSTILE)
    rules = [rule for rule in feed.rules if any(name in aliases for aliases in rule.inputs)]
    return _value(draw, rules[0], n) if rules else str(n)


def _value(draw: random.Random, rule: Rule, n: int) -> str:
    if rule.values:
        return draw.choice(rule.values)[0]
    if rule.column.accepted:
        return draw.choice(rule.column.accepted)
    kind = rule.column.type
    if kind in (DATE, TIMESTAMP):
        return f"2024-0{draw.randrange(1, 9)}-1{n % 10} 10:00:00"[: draw.choice((10, 19))]
    if kind == BOOLEAN:
        return draw.choice(("true", "false"))
    if kind == INTEGER:
        return str(n)
    return f"{draw.randrange(-5000, 50000) / 100}" if rule.column.is_decimal else f"{rule.column.name} {n}"


def _shuffled(draw: random.Random, _: list[str], records: list[list[str]]) -> None:
    draw.shuffle(records)


def _doubled(draw: random.Random, _: list[str], records: list[list[str]]) -> None:
    records += draw.sample(records, len(records) // 2)


def _ragged(draw: random.Random, _: list[str], records: list[list[str]]) -> None:
    for cells in records[:: draw.randrange(1, 4)]:
        cells[-1:] = [] if draw.random() < 0.5 else ["more", "than fits"]


def _renamed(draw: random.Random, header: list[str], _: list[list[str]]) -> None:
    header[draw.randrange(len(header))] = draw.choice(("", header[0], "Unheard of", draw.choice(HOSTILE)))


def _delimited(
    draw: random.Random, _: Feed, header: list[str], records: list[list[str]]
) -> tuple[str, bytes]:
    delimiter, ending = draw.choice(",,;\t|"), draw.choice(("\n", "\n", "\r\n", "\r"))
    quotes = draw.random() < 0.9

    def quoted(cell: str) -> str:
        needs = quotes and any(letter in cell for letter in f'{delimiter}"\r\n')
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    lines = [delimiter.join(map(quoted, cells)) for cells in (header, *records)]
    return draw.choice((".csv", ".txt", ".tsv")), ending.join([*lines, ""]).encode(
        draw.choice(ENCODINGS), "replace"
    )


def _json(draw: random.Random, feed: Feed, header: list[str], records: list[list[str]]) -> tuple[str, bytes]:
    documents = [_document(feed, dict(zip(header, cells, strict=False))) for cells in records]
    layout = draw.choice((0, 0, 1, 2))
    if layout == 0:
        return ".jsonl", "\n".join(map(json.dumps, documents)).encode()
    page: Any = documents if layout == 1 else {"object": "list", "data": documents}
    return ".json", json.dumps(page, indent=draw.choice((None, 1))).encode(draw.choice(ENCODINGS[:6]))


def _document(feed: Feed, cells: dict[str, str]) -> dict[str, Any]:
    """Dotted names as objects in objects; the inner records' fields in a list of one."""
    document: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    path = feed.records[0] if feed.records else ""
    for name, value in cells.items():
        is_inner = bool(path) and name.startswith(f"{path}.")
        keys = (name.removeprefix(f"{path}.") if is_inner else name).split(".")
        _set(inner if is_inner else document, keys, value)
    if path:
        _set(document, path.split("."), [inner])
    return document


def _set(target: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        below = target.setdefault(key, {})
        if not isinstance(below, dict):
            return
        target = below
    target[keys[-1]] = value


def _workbook(_: random.Random, __: Feed, header: list[str], records: list[list[str]]) -> tuple[str, bytes]:
    book = openpyxl.Workbook()
    for cells in (header, *records):
        legal = ["".join(c for c in cell if c >= " " or c in "\n\t") for cell in cells]
        book.active.append(legal)
    saved, content = io.BytesIO(), io.BytesIO()
    book.properties.created = book.properties.modified = datetime(2024, 1, 5)
    book.save(saved)
    # Written again without times, so that a seed gives the same bytes on any day.
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name))
    return ".xlsx", content.getvalue()


def _place(draw: random.Random, content: bytes) -> int:
    """Mostly below the first line: a file whose header is damaged isn't read any further."""
    header = content.find(b"\n") + 1 if draw.random() < 0.85 else 0
    return draw.randrange(header, len(content) + 1)


def _flipped(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randrange(1, 4) if changed else 0):
        changed[min(_place(draw, content), len(changed) - 1)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _cut(draw: random.Random, content: bytes) -> bytes:
    return content[: _place(draw, content)]


def _spliced(draw: random.Random, content: bytes) -> bytes:
    at = _place(draw, content)
    return content[:at] + draw.choice(TOKENS) + content[at + draw.randrange(6) :]


def _repeated(draw: random.Random, content: bytes) -> bytes:
    at = _place(draw, content)
    return content[:at] + content[max(0, at - 40) :]


def _plain(name: str, content: bytes) -> Made:
    return Made(name, content)


def _gzipped(name: str, content: bytes) -> Made:
    return Made(f"{name}.gz", gzip.compress(content, mtime=0))


def _zipped(name: str, content: bytes) -> Made:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name.rsplit("/", 1)[-1]), content)
        archive.writestr(zipfile.ZipInfo("README.txt"), b"hello")
    return Made(f"{name}.zip", packed.getvalue())


def _mispacked(name: str, content: bytes) -> Made:
    return Made(f"{name}.gz", gzip.compress(content, mtime=0)[: -1 - len(content) % 30])


ON_RECORDS: tuple[Callable[..., None], ...] = (*(_shuffled, _doubled, _ragged) * 2, _renamed)
ON_BYTES: tuple[Callable[..., bytes], ...] = (_flipped, _cut, _spliced, _repeated)
PACKINGS: tuple[Callable[[str, bytes], Made], ...] = (
    *(_plain, _plain, _plain, _plain, _gzipped, _zipped) * 3,
    _mispacked,
)
