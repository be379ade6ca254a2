"""What became of a path that was looked at, so that it needn't be looked at again."""

from dataclasses import dataclass

from thermocline.files.places import Entry


@dataclass(frozen=True)
class Seen:
    """What became of a path of a location when it had this size, time of change and version.

    `systems` are those that have tables in it, `landed` those of them that have landed theirs.
    `note` says why something of it is left out, `noted_by` which system said so first. `digest` is
    that of the mappings and sources it was judged by.
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
        """Whether the path still is what it was then."""
        return (self.size, self.mtime_ns, self.version) == (entry.size, entry.mtime_ns, entry.version)

    def is_settled(self, system: str, in_force: str) -> bool:
        """Whether `system` has nothing left to do with the path."""
        if system in self.landed and self.note is None:
            return True
        return self.digest == in_force and system in self.landed | ({system} - self.systems)


def names_of(text: str) -> frozenset[str]:
    """Systems as the manifest lists them."""
    return frozenset(text.split(",")) - {""}


def seen_of(row: tuple) -> Seen:
    """A row of the manifest's table `seen`, its location left out."""
    path, size, mtime_ns, version, systems, landed, note, noted_by, digest = row
    return Seen(path, size, mtime_ns, version, names_of(systems), names_of(landed), note, noted_by, digest)
