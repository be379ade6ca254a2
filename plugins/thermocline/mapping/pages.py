"""What readers and editors get of the mappings: the JSON Schema, and a page for each shipped one.

`python -m thermocline.mapping.pages` writes them; a test holds that they are what it writes.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from thermocline.durable import replace
from thermocline.home import PROJECT
from thermocline.mapping.files import load_mappings
from thermocline.mapping.model import Feed, Filter, Mapping, Rule
from thermocline.mapping.schema import COLUMN, DELIVERY, FEED, FILTER, HISTORY, MAPPING, Key, json_schema

SCHEMA = Path(__file__).parent / "mapping.schema.json"
PAGES = PROJECT / "docs" / "mappings"
WRITTEN = "<!-- Written by `make mappings`. -->"


def texts() -> dict[Path, str]:
    """What each file is to hold."""
    shipped = load_mappings().values()
    pages = {PAGES / f"{mapping.name}.md": page(mapping) for mapping in shipped}
    return {
        SCHEMA: json.dumps(json_schema(), indent=2) + "\n",
        PAGES / "README.md": index(shipped),
        PAGES / "keys.md": keys(),
        **pages,
    }


def index(mappings: Iterable[Mapping]) -> str:
    """The list of shipped mappings."""
    rows = [
        (f"[{mapping.name}]({mapping.name}.md)", mapping.title, mapping.system)
        for mapping in sorted(mappings, key=lambda mapping: mapping.name)
    ]
    return (
        f"{WRITTEN}\n# Shipped mappings\n\n"
        "Each page lists every vendor column that is used and what it becomes; the keys of a mapping of\n"
        "your own stand in [keys](keys.md).\n\n"
        f"{_table(('mapping', 'export', 'system'), rows)}"
    )


def keys() -> str:
    """The keys of a mapping file."""
    parts = (
        ("The file", MAPPING),
        ("`delivery`", DELIVERY),
        ("`history`", HISTORY),
        ("Each of `feeds`", FEED),
        ("Each of `columns`", COLUMN),
        ("Each of `exclude`", FILTER),
    )
    return f"{WRITTEN}\n# Keys of a mapping\n\n" + "\n".join(
        f"## {title}\n\n{_table(('key', 'needed', 'what it says'), [_key(key) for key in declared])}"
        for title, declared in parts
    )


def page(mapping: Mapping) -> str:
    """The columns of one mapping, feed by feed."""
    facts = [
        ("values without a zone", mapping.timezone or "in the company's time zone"),
        ("dates", mapping.dates or "ISO"),
        (
            "delivery key",
            _code(mapping.delivery_key.pattern)
            if mapping.delivery_key
            else "the day that the path declares, else the path",
        ),
        ("no exports are", ", ".join(map(_code, mapping.ignore_files)) or "-"),
    ]
    if mapping.exclude_files:
        facts.append(("left out are", _codes(mapping.exclude_files)))
    sections = [_section(feed) for feed in mapping.feeds]
    if mapping.honours:
        flags = [(_code(flag), meaning) for flag, meaning in mapping.honours]
        sections.insert(0, "## Flags honoured\n\n" + _table(("flag", "what becomes of such a record"), flags))
    return (
        f"{WRITTEN}\n# {mapping.name}\n\n{mapping.title} ({mapping.system}).\n\n"
        f"{_table(('', ''), facts)}\n" + "\n".join(sections)
    )


def _section(feed: Feed) -> str:
    text = f"## {feed.name}\n\nBecomes `{feed.table.name}`."
    if feed.match_any:
        text += f" Has at least one of {_codes(feed.match_any)}."
    if feed.same_file_as:
        text += f" Made of the files of {_code(feed.same_file_as)} as well."
    if feed.skip_until_header:
        text += " Lines such as a title may stand above its header."
    if feed.match_file_name:
        text += f" Its file name matches {_code(str(feed.file_glob))}."
    if feed.records:
        text += f" Its records stand at {_codes(feed.records)} of a JSON document."
    if feed.match_none:
        text += f" Has none of {_codes(feed.match_none)}."
    text += "\n\n" + _table(("vendor column", "becomes", "how"), [_rule(rule) for rule in feed.rules])
    if feed.filters:
        text += "\n" + _table(("left out, since it", "where"), [_filter(f) for f in feed.filters])
    if feed.ignore_columns:
        text += f"\nKnown and not used: {_codes(feed.ignore_columns)}.\n"
    return text


def _rule(rule: Rule) -> tuple[str, str, str]:
    how = []
    if rule.is_any:
        how.append("set where any of them is")
    if rule.is_salesforce_id:
        how.append("in the form of 18 characters")
    if rule.expression is not None:
        how.append(_code(" ".join(rule.expression.split())))
    if rule.values:
        how.append(", ".join(f"{_code(vendor)} is {value or 'blank'}" for vendor, value in rule.values))
    if rule.otherwise:
        how.append(f"anything else is {rule.otherwise[0] or 'blank'}")
    if rule.path:
        how.append(f"found in the path by {_code(rule.path.pattern)}")
    if rule.is_sheet:
        how.append("the name of the sheet")
    if rule.lookup:
        how.append(f"the key of the look-up {_code(rule.lookup)}")
    if rule.blank is not None:
        how.append(f"blank is {rule.blank}")
    if rule.is_minor:
        how.append("in minor units of the currency")
    if rule.negate:
        how.append("with the other sign")
    if rule.required:
        how.append("required")
    vendor = ", ".join(_code(a) for aliases in rule.inputs for a in aliases)
    if not vendor and (rule.path or rule.is_sheet):
        return "-", _code(rule.column.name), "; ".join(how)
    return vendor or f"always {_code(rule.constant or '')}", _code(rule.column.name), "; ".join(how)


def _filter(left_out: Filter) -> tuple[str, str]:
    if left_out.expression is not None:
        columns = _codes(name for aliases in left_out.inputs for name in aliases)
        return left_out.reason, f"{columns}: {_code(' '.join(left_out.expression.split()))}"
    values = ", ".join("blank" if value is None else _code(value) for value in left_out.values)
    verb = "is none of" if left_out.is_kept else "is one of"
    return left_out.reason, f"{_codes(left_out.aliases)} {verb} {values}"


def _key(key: Key) -> tuple[str, str, str]:
    words = key.words + (f": {_codes(key.choices)}" if len(key.choices) > 1 else "")
    return _code(key.name), "yes" if key.needed else "", words


def _codes(texts_: Iterable[str]) -> str:
    return ", ".join(map(_code, texts_))


def _code(text: str) -> str:
    return f"`{text}`" if text else "blank"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def write() -> None:
    """Write all of them, and remove pages of mappings that are gone."""
    wanted = texts()
    PAGES.mkdir(exist_ok=True)
    for file in set(PAGES.glob("*.md")) - set(wanted):
        file.unlink()
    for file, text in wanted.items():
        replace(file, text.encode())


if __name__ == "__main__":
    write()
