"""YAML read with the place of every value, so that a refusal can name file, line and key."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from thermocline.errors import InputError

NULL, MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
# Keys of earlier versions, each with its name today.
RENAMED = {
    "extent": "mode",
    "filled": "not_blank",
    "ignored": "ignore_columns",
    "logs": "ignore_files",
    "mostly_known": "reject_mostly_unknown",
    "not_taken": "exclude",
    "only_with_records": "optional_when_empty",
    "rhythm_days": "expected_every_days",
    "told_by": "match_any",
    "told_by_name": "match_file_name",
    "without": "match_none",
}
FLAGS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True)
class Declared:
    """One value of a YAML file: a scalar's text (None for null), a list, or fields by name."""

    value: "str | list[Declared] | dict[str, Declared] | None"
    file: Path
    line: int
    key: str

    def refuse(self, expected: str) -> InputError:
        """An error that names this value's place and what was expected there."""
        return InputError(f"{self.file}, line {self.line}, {self.key}: expected {expected}")

    def text(self, expected: str = "a text") -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refuse(expected)
        return self.value.strip()

    def choice(self, choices: Iterable[str]) -> str:
        choices = tuple(choices)
        expected = f"one of {', '.join(choices)}"
        if (text := self.text(expected)) not in choices:
            raise self.refuse(f"{expected}, not {text!r}")
        return text

    def flag(self) -> bool:
        text = self.text("true or false").lower()
        if text not in FLAGS:
            raise self.refuse("true or false")
        return FLAGS[text]

    def count(self) -> int:
        text = self.text("a whole number above 0")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise self.refuse("a whole number above 0")
        return int(text)

    def items(self) -> "list[Declared]":
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A text, or a list of texts."""
        if self.value == []:
            raise self.refuse("at least one text")
        if isinstance(self.value, list):
            return tuple(item.text() for item in self.value)
        return (self.text("a text or a list of texts"),)

    def entries(self) -> "dict[str, Declared]":
        if not isinstance(self.value, dict):
            raise self.refuse("keys with values")
        return self.value

    def fields(self, needed: Iterable[str], optional: Iterable[str] = ()) -> "dict[str, Declared]":
        """The fields by name. Raises InputError for an unknown, renamed or missing one."""
        entries = self.entries()
        known = (*needed, *optional)
        for name, entry in entries.items():
            if name not in known and RENAMED.get(name) in known:
                raise entry.refuse(f"the key {RENAMED[name]!r}, the new name of {name!r}")
            if name not in known:
                raise entry.refuse(f"one of the keys {', '.join(known)}")
        for name in needed:
            if name not in entries:
                raise self.refuse(f"the key {name!r}")
        return entries


def read(file: Path) -> Declared:
    """The content of a YAML file. Raises InputError where it isn't readable YAML."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: can't be read ({error}); make it a UTF-8 text file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it holds unprintable characters"
        raise InputError(f"{file}, line {mark.line + 1 if mark else 1}: isn't YAML ({problem})") from error
    if node is None:
        raise InputError(f"{file}: is empty; declare something in it or remove it")
    return _declared(node, file, "the file")


def _declared(node: yaml.Node, file: Path, key: str) -> Declared:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Declared(None if node.tag == NULL else node.value, file, line, key)
    if isinstance(node, yaml.SequenceNode):
        items = [_declared(item, file, f"{key}[{n}]") for n, item in enumerate(node.value, 1)]
        return Declared(items, file, line, key)
    entries: dict[str, Declared] = {}
    merged: dict[str, Declared] = {}
    for name, item in node.value:
        if name.tag == MERGE:
            merged |= _declared(item, file, key).entries()
            continue
        path = str(name.value) if key == "the file" else f"{key}.{name.value}"
        entry = _declared(item, file, path)
        if not isinstance(name, yaml.ScalarNode) or name.value in entries:
            raise Declared(None, file, name.start_mark.line + 1, path).refuse("each key once")
        entries[name.value] = entry
    # Own keys win over those taken in by `<<`.
    return Declared(merged | entries, file, line, key)
