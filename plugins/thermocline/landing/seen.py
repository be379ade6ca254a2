"""The recorded outcome of a path, so that an unchanged file isn't examined again."""

from dataclasses import dataclass

from thermocline.files.places import Entry


@dataclass(frozen=True)
class Seen:
    """The outcome of a path of a location with this size, time of change and version.

    `systems` are those with tables in it, `landed` those of them that have landed theirs.
    `note` is why something of it is skipped, `noted_by` the system that noted it first. `digest` is
    that of the mappings and sources in force then.
    """

    path: str
    size: int
    mtime_ns: int
    version: str
    systems: frozenset[str]
    landed: frozenset[str]
    note: str | None
    noted_by: str
    digest: str

    def is_of(self, entry: Entry) -> bool:
        """Return whether the listed file is still the one that was examined."""
        return (self.size, self.mtime_ns, self.version) == (entry.size, entry.mtime_ns, entry.version)

    def is_settled(self, system: str, in_force: str) -> bool:
        """Return whether `system` has nothing left to do for the path."""
        if system in self.landed and self.note is None:
            return True
        return self.digest == in_force and system in self.landed | ({system} - self.systems)


def names_of(text: str) -> frozenset[str]:
    """Parse a comma-separated list of systems, as the manifest stores it."""
    return frozenset(text.split(",")) - {""}


def seen_of(row: tuple) -> Seen:
    """Return the outcome in a row of the manifest's table `seen`, which comes without location."""
    path, size, mtime_ns, version, systems, landed, note, noted_by, digest = row
    return Seen(path, size, mtime_ns, version, names_of(systems), names_of(landed), note, noted_by, digest)
