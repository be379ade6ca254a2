"""Refuse to build a warehouse without the rows of pruned landed copies."""

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing.arrivals import Arrival
from thermocline.landing.manifest import LandedFile
from thermocline.ledger.chain import Ledger
from thermocline.ledger.pruned import pruned, pruned_between


def refuse_pruned(home: Home, arrivals: list[Arrival]) -> None:
    """Raise InputError if files to be loaded were pruned: their rows would be missing silently."""
    missing: list[LandedFile] = [each.file for each in arrivals if not each.path.exists()]
    if not missing:
        return
    known = pruned(Ledger(home.ledger).entries()).landing
    removed = [file for file in missing if file.sha256 in known]
    if removed:
        names = {each.file.sha256: each.source_file for each in arrivals}
        raise InputError(
            f"{len(removed)} landed files that are to be loaded were "
            f"{pruned_between(known[file.sha256].date() for file in removed)}, "
            f"{names[removed[0].sha256]!r} first: restore "
            f"{home.warehouse.name}, or those files, from a backup"
        )
