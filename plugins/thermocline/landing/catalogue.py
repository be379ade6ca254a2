"""The sources of a company: which export, by which mapping, from where."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import yaml

from thermocline import locks
from thermocline.durable import replace
from thermocline.errors import InputError
from thermocline.files.places import Folder, Place
from thermocline.files.remote import PROTOCOLS, Remote, is_remote
from thermocline.files.wording import listed, shown
from thermocline.home import Home
from thermocline.landing.parts import parts
from thermocline.mapping.declaration import Declared, read
from thermocline.mapping.declared_days import declared_day
from thermocline.mapping.files import currency, dates, load_mappings, numbers, zone
from thermocline.mapping.model import Mapping, Mappings
from thermocline.mapping.recognition import Recognition
from thermocline.mapping.schema import DELIVERY_DATES, MODES, SYSTEMS

LOCK_SECONDS = 60
LONGEST_DATE = len("September 30, 2026")
OPTIONAL = (
    *(
        "name",
        "connection",
        "files",
        "timezone",
        "dates",
        "numbers",
        "currency",
        "expected_every_days",
        "mode",
    ),
    *("delivery_dates", "withdrawn", "ended", "exclude_files"),
)
HEADING = """\
# The exports this company is screened on. Files of other mappings are refused or left out.
# location: a folder, relative to this home or absolute, or an address such as s3://bucket/folder.
"""


@dataclass(frozen=True)
class Source:
    """One export of one system: its name in all tables, its mapping, and where it is delivered.

    `location` is a folder, or an address elsewhere; then `connection` is the Airflow connection with
    the credentials, and `files` are the files below a web address.
    `timezone`, `dates`, `numbers`, `currency`, `expected_every_days`, `mode` and `delivery_dates` override
    the mapping's.
    `withdrawn` names deliveries that don't count, by delivery key, path or SHA-256; `ended` the mapping's
    feeds that deliver no more, each with its last day; `exclude_files` patterns of files to be left out.
    """

    name: str
    mapping: str
    location: Path | str
    timezone: str | None = None
    dates: str | None = None
    numbers: str | None = None
    currency: str | None = None
    withdrawn: tuple[str, ...] = ()
    ended: tuple[tuple[str, date], ...] = ()
    expected_every_days: int | None = None
    mode: str | None = None
    connection: str | None = None
    files: tuple[str, ...] = ()
    exclude_files: tuple[str, ...] = ()
    delivery_dates: str | None = None

    @cached_property
    def withdrawn_keys(self) -> frozenset[str]:
        """Return the names in `withdrawn`; a date also in the form of a delivery key."""
        days = (
            declared_day(name, self.delivery_dates) for name in self.withdrawn if len(name) <= LONGEST_DATE
        )
        return frozenset({*self.withdrawn, *(day.key for day in days if day)})

    def place(self, home: Home) -> Place:
        """Return the place of its files; the connection is read from this home."""
        if isinstance(self.location, Path):
            return Folder(self.location.resolve())
        return Remote(home, self.location, self.connection, self.files)


def sources_file(home: Home) -> Path:
    return home.config / "sources.yml"


def sources(home: Home) -> tuple[Source, ...]:
    """Return the home's sources; none before the first run.

    Raise InputError, naming file, line and key, for an invalid declaration.
    """
    file = sources_file(home)
    if not file.is_file():
        return ()
    mappings = load_mappings(home)
    found: dict[str, Source] = {}
    mapped: set[str] = set()
    for item in read(file).fields(("sources",))["sources"].items():
        fields = item.fields(("mapping", "location"), OPTIONAL)
        mapping = fields["mapping"].choice(mappings)
        name = fields["name"].text() if "name" in fields else mapping
        if name in found or not name.isidentifier():
            raise fields.get("name", item).refuse("an own name of letters, digits and underscores")
        if mapping in mapped:
            raise fields["mapping"].refuse("a mapping that no other source uses")
        mapped.add(mapping)
        found[name] = Source(
            name,
            mapping,
            _location(home, fields),
            timezone=zone(fields.get("timezone")),
            dates=dates(fields.get("dates")),
            numbers=numbers(fields.get("numbers")),
            currency=currency(fields.get("currency")),
            withdrawn=fields["withdrawn"].texts() if "withdrawn" in fields else (),
            expected_every_days=fields["expected_every_days"].count()
            if "expected_every_days" in fields
            else None,
            mode=fields["mode"].choice(MODES) if "mode" in fields else None,
            delivery_dates=fields["delivery_dates"].choice(DELIVERY_DATES)
            if "delivery_dates" in fields
            else None,
            ended=tuple(_ended(fields["ended"], mappings[mapping])) if "ended" in fields else (),
            connection=fields["connection"].text() if "connection" in fields else None,
            files=fields["files"].texts() if "files" in fields else (),
            exclude_files=fields["exclude_files"].texts() if "exclude_files" in fields else (),
        )
    return tuple(found.values())


def _location(home: Home, fields: dict[str, Declared]) -> Path | str:
    """Return a folder, or an address. Refuse one with a secret: addresses are stored and shown."""
    declared = fields["location"]
    location = declared.text()
    if not is_remote(location):
        for name in ("connection", "files"):
            if name in fields:
                raise fields[name].refuse(f"no `{name}` beside a local folder")
        return home.root / location
    kind, _, rest = location.partition("://")
    if kind not in PROTOCOLS:
        raise declared.refuse(f"a folder, or an address of one of {', '.join(PROTOCOLS)}")
    if "@" in rest.split("/")[0] or "?" in rest or not rest.strip("/"):
        # Not quoted: it may contain a password.
        raise declared.refuse("an address without login or query; they belong into an Airflow connection")
    if PROTOCOLS[kind] == "http":
        if "files" not in fields:
            raise declared.refuse("`files` beside a web address: the paths of the files below it")
        for field in (declared, fields["files"]):
            if any("#" in text for text in field.texts()):
                raise field.refuse("no # in a web address, which ends there: write %23 for it")
    elif "files" in fields:
        raise fields["files"].refuse("no `files` beside an address whose folders can be listed")
    return location


def _ended(declared: Declared, mapping: Mapping) -> Iterator[tuple[str, date]]:
    names = sorted(feed.name for feed in mapping.feeds)
    for name, item in declared.entries().items():
        if name not in names:
            raise item.refuse(f"one of the feeds {', '.join(names)}")
        try:
            yield name, date.fromisoformat(item.text())
        except ValueError as error:
            raise item.refuse("the feed's last day, such as 2026-06-30") from error


def mappings_in_force(home: Home) -> Mappings:
    """Return all mappings by name, with the settings of the home's sources applied."""
    mappings = load_mappings(home)
    for source in sources(home):
        mapping = mappings[source.mapping]
        mappings[source.mapping] = mapping.settled(
            source.timezone,
            source.dates,
            source.numbers,
            source.currency,
            source.expected_every_days,
            source.mode,
            source.exclude_files,
            source.delivery_dates,
        )
    return mappings


def adopt(home: Home, location: Path) -> tuple[Source, ...]:
    """Check that `location` has exports of this company, record new sources, and return all.

    The first run writes `config/sources.yml`. Later, a system without a source is added if its files
    are in the home's own `exports/`. Other files there are reported when they are landed.

    Raise InputError for an empty folder, one without a known file, and another company's exports.
    """
    location = location.resolve()
    with _lock(home):
        mappings = load_mappings(home)
        known = sources(home)
        own = {source.mapping for source in known}
        systems = {mappings[mapping].system for mapping in own}
        may_add = not known or (location == home.exports.resolve() and systems != set(SYSTEMS))
        names: set[str] = set()
        first_unknown = None
        for path, recognition in _recognised(location, mappings):
            if recognition.mapping:
                names.add(recognition.mapping.name)
            elif first_unknown is None:
                first_unknown = path, recognition
            if names & own and not may_add:
                return known
        if not names and first_unknown:
            raise _nothing_known(location, *first_unknown)
        added = [n for n in sorted(names - own) if may_add and mappings[n].system not in systems]
        if added:
            known = (*known, *(Source(name, name, location) for name in added))
            _write(home, known)
        elif not names & own:
            raise InputError(
                f"{location} holds exports of another company ({listed(sorted(names))}; this home "
                f"has {listed(sorted(own))}): use another THERMOCLINE_HOME, or add the source to "
                f"{sources_file(home)}"
            )
    return known


def foreign(recognition: Recognition) -> str:
    """Return why a file of a known mapping isn't landed."""
    name = recognition.mapping.name if recognition.mapping else "?"
    return f"is a {name} export, which isn't among this home's sources (config/sources.yml)"


def _recognised(location: Path, mappings: Mappings) -> Iterator[tuple[str, Recognition]]:
    folder = Folder(location)
    entries = folder.listing().entries
    if not entries:
        raise InputError(
            f"{location} holds no exports: put the CRM's and the billing system's files there, "
            "or name another folder"
        )
    for entry in entries:
        # A file may disappear between listing and reading; then it isn't considered.
        with suppress(FileNotFoundError), tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
            for part in parts(folder.local(entry), entry.path, mappings, Path(scratch)):
                yield part.name, part.recognition


def _nothing_known(location: Path, path: str, first: Recognition) -> InputError:
    return InputError(
        f"{location} holds no export that a mapping knows: {shown(path)} {first.describe()}; "
        "name another folder, or write a mapping in config/mappings"
    )


def _write(home: Home, known: tuple[Source, ...]) -> None:
    root = home.root.resolve()
    entries = [
        {
            "name": source.name,
            "mapping": source.mapping,
            "location": str(source.location.relative_to(root))
            if isinstance(source.location, Path) and source.location.is_relative_to(root)
            else str(source.location),
            **_said(source),
        }
        for source in known
    ]
    text = HEADING + yaml.safe_dump({"sources": entries}, sort_keys=False, allow_unicode=True)
    replace(sources_file(home), text.encode())


def _said(source: Source) -> dict[str, object]:
    """Return a source's settings beyond name, mapping and location."""
    said = {
        "connection": source.connection,
        "files": list(source.files),
        "timezone": source.timezone,
        "dates": source.dates,
        "numbers": source.numbers,
        "currency": source.currency,
        "expected_every_days": source.expected_every_days,
        "mode": source.mode,
        "exclude_files": list(source.exclude_files),
        "delivery_dates": source.delivery_dates,
        "withdrawn": list(source.withdrawn),
        "ended": {feed: day.isoformat() for feed, day in source.ended},
    }
    return {key: value for key, value in said.items() if value}


@contextmanager
def _lock(home: Home) -> Iterator[None]:
    home.config.mkdir(parents=True, exist_ok=True)
    busy = f"{sources_file(home)} is being written by {{holder}}: run again when it has ended"
    with locks.exclusive(home.config / ".sources.lock", "adopting sources", busy, LOCK_SECONDS):
        yield
