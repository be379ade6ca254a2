"""What editors and readers get is what the one declaration of the keys says."""

import json

import jsonschema
import pytest
import yaml
from thermocline.mapping.files import SHIPPED, load_mappings
from thermocline.mapping.pages import PAGES, SCHEMA, texts

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


def test_the_pages_and_the_schema_are_what_the_mappings_say() -> None:
    wanted = texts()
    assert {file: file.read_text(encoding="utf-8") for file in wanted} == wanted, "run `make mappings`"
    assert set(PAGES.glob("*.md")) == {file for file in wanted if file.parent == PAGES}


def test_every_vendor_column_stands_on_its_mappings_page() -> None:
    missing = []
    for mapping in load_mappings().values():
        page = (PAGES / f"{mapping.name}.md").read_text(encoding="utf-8")
        for feed in mapping.feeds:
            section = page.split(f"## {feed.name}\n")[1].split("\n## ")[0]
            names = (name for aliases in feed.inputs for name in aliases)
            missing += [(mapping.name, feed.name, name) for name in names if f"`{name}`" not in section]
    assert not missing


def test_shipped_mappings_keep_to_the_schema_and_point_editors_to_it() -> None:
    faults = []
    for file in SHIPPED.glob("*.yml"):
        text = file.read_text(encoding="utf-8")
        pointer = text.splitlines()[0].partition("# yaml-language-server: $schema=")[2]
        if (file.parent / pointer).resolve() != SCHEMA:
            faults.append(f"{file.name}: the first line doesn't name the schema")
        faults += [f"{file.name}: {error.message}" for error in VALIDATOR.iter_errors(yaml.safe_load(text))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("system: billing", "system: erp"),
        ("expected_every_days: 1", "expected_every_days: daily"),
        ("mode: delta", "model: delta"),
        ("feed: payments", "feed: paiments"),
        ("payment_id: {from", "payment_no: {from"),
        ("{constant: EUR}", "{constant: EUR, from: Base}"),
        ("method: Method", "method: {form: Method}"),
        ("      ignore_columns: [Created]", "      exclude: [{reason: why}]"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    text = (SHIPPED / "kontor.yml").read_text(encoding="utf-8")
    assert old in text
    assert VALIDATOR.is_valid(yaml.safe_load(text))
    assert not VALIDATOR.is_valid(yaml.safe_load(text.replace(old, new, 1)))
