"""The only writer of targets and ledger.

The ledger gets an `intent` before a target is touched and a `done` for each target after its
switch. What a killed publisher left is finished or undone by the next one:

    intent    see `intents`
    done      publication_id, intent (its hash), target, files (SHA-256 by name), tables (those that
              the intent doesn't name, or names in another packaging), recovered
    abandoned publication_id, intent, reason
    reopened  publication_id, as_of_date: runs from that day on may follow this publication of a later day
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

import duckdb

from thermocline.candidates import recovered as recovered_candidate
from thermocline.candidates.candidate import Candidate
from thermocline.company import settings
from thermocline.errors import ContentChanged, InputError, LedgerChanged, LedgerTruncated
from thermocline.gate import failures as gate_failures
from thermocline.home import Home
from thermocline.ledger import records
from thermocline.ledger.chain import (
    REOPENED,
    Entry,
    Ledger,
    Recorded,
    check_head,
    completed,
    contradictions,
    day_held,
    recorded,
    reopened_from,
)
from thermocline.ledger.pruned import pruned
from thermocline.publishing.intents import next_intent, table_entry
from thermocline.publishing.publishable import BESIDE, check_contract, verdict_of
from thermocline.publishing.targets import Progress, Target
from thermocline.publishing.targets.duckdb_file import DuckDBFile
from thermocline.publishing.targets.editions import edition_of

KEEP = 10
"""Publications that stay readable in a target, where company.yml doesn't say."""


class Publisher:
    """One run of publishing; the caller holds `Home.publishing`.

    The first target leads: what it doesn't get nobody gets. Where another one fails the rest go on;
    `failed` then says why, by its name, and the next run completes it. `at` says what is worked
    on, for messages.
    """

    def __init__(self, home: Home, targets: list[Target], progress: Progress) -> None:
        settled = settings.read(home)
        self.home = home
        self.ledger = Ledger(home.ledger)
        self.targets = targets
        self.keep = settled.keep_publications if settled else KEEP
        self.progress = progress
        self.at = "the ledger"
        self.failed: dict[str, Exception] = {}

    def publish(self, content_hash: str, approval: dict[str, Any] | None = None) -> tuple[str, Recorded]:
        """Publish a candidate; return the outcome (see `Published`) and the current publication."""
        candidate = Candidate.read(self.home, content_hash)
        self.check_heads()
        self.recover()
        before = self.current()
        if before and before.intent["content_hash"] == content_hash:
            return "unchanged", before
        if before and day_held(self.ledger.entries(), before) > candidate.facts.as_of_date:
            return "superseded", before
        verdict = verdict_of(candidate, before, approval)
        candidate.check(rows=False)
        self.check_contract(candidate)
        self.progress("checked")
        failures = gate_failures.keep(candidate, verdict.get("failures"))
        return "published", self.bring(
            candidate,
            next_intent(self.ledger.entries(), self.names, candidate, verdict, before, approval, failures),
        )

    def restore(self, publication_id: str) -> tuple[str, Recorded]:
        """Restore an earlier publication's content as a publication of its own."""
        self.check_heads()
        self.recover()
        before, completed = self.current(), {each.publication_id: each for each in self.completed()}
        if publication_id not in completed:
            raise InputError(
                f"there is no publication {publication_id} in the ledger: "
                f"the last ones are {', '.join(list(completed)[-5:]) or 'none'}"
            )
        restored = completed[publication_id]
        if before and before.intent["content_hash"] == restored.intent["content_hash"]:
            return "unchanged", before
        try:
            candidate = Candidate.read(self.home, restored.intent["content_hash"])
        except InputError as error:
            candidate = self.recovered(restored, error)
        candidate.check(rows=False)
        self.progress("checked")
        intent = next_intent(
            self.ledger.entries(),
            self.names,
            candidate,
            restored.intent["gate"],
            before,
            restored.intent["approval"],
            restored.intent.get(records.KEPT_FAILURES),
        )
        return "restored", self.bring(candidate, {**intent, "restores": publication_id})

    def return_to(self, day: date) -> tuple[str, Recorded]:
        """Bring back the latest publication of a day or an earlier one, where a later one is current.

        Where none is left, runs from that day on may publish again; readers see the current one until then.
        Outcome restored, reopened, or unchanged where the current one isn't of a later day.
        """
        latest = self.complete()[1]
        if date.fromisoformat(latest.intent["as_of_date"]) <= day:
            return "unchanged", latest
        for earlier in reversed(self.completed()):
            if date.fromisoformat(earlier.intent["as_of_date"]) <= day:
                with suppress(InputError):
                    return self.restore(earlier.publication_id)
        if reopened_from(self.ledger.entries(), latest) != day:
            body = {"publication_id": latest.publication_id, "as_of_date": day.isoformat()}
            self.record(REOPENED, body)
        return "reopened", latest

    def recovered(self, restored: Recorded, gone: InputError) -> Candidate:
        """Return the candidate of a publication, rebuilt from the copy in the leading target.

        Raise InputError where no copy is left, ContentChanged where it was changed.
        """
        place, entries = DuckDBFile(self.home), self.ledger.entries()
        if restored.publication_id in place.kept():
            self.at = f"target {place.name}"
            return recovered_candidate.recover(self.home, place.copy_tables, entries, restored)
        on = pruned(entries).day(restored.intent["content_hash"])
        raise InputError(
            f"publication {restored.publication_id} was pruned{f' on {on}' if on else ''}: the ledger knows "
            f"it, but candidate {restored.intent['content_hash']}, was removed: restore it from a "
            "backup, or choose another"
        ) from gone

    def complete(self) -> tuple[str, Recorded]:
        """Bring every target to the last publication."""
        self.check_heads()
        self.recover()
        latest = self.current()
        if latest is None:
            raise InputError("nothing has been published yet: publish first")
        return "unchanged", latest

    def bring(self, candidate: Candidate, body: dict[str, Any]) -> Recorded:
        """Record the intent, write to every target, then switch each."""
        intent = self.record("intent", body)
        self.progress("intent")
        publication = Recorded(intent)
        for target in self.reached():
            with self.working(target):
                self.write(target, publication, candidate)
        for target in self.reached():
            with self.working(target):
                self.switch(target, publication)
                self.record_done(target, publication, recovered=False)
        self.tidy()
        return publication

    @property
    def names(self) -> list[str]:
        return [target.name for target in self.targets]

    def reached(self) -> list[Target]:
        """Return the targets that haven't failed in this run."""
        return [target for target in self.targets if target.name not in self.failed]

    @contextmanager
    def working(self, target: Target) -> Iterator[None]:
        self.at = f"target {target.name}"
        try:
            yield
        except (OSError, duckdb.Error) as error:
            if target is self.targets[0]:
                raise
            self.failed[target.name] = error

    def check_heads(self) -> None:
        """Check that the ledger contains all that targets stored of it, before anything is added.

        Where a killed publisher added an entry that the leading target doesn't name yet, anchor it.
        """
        entries = self.ledger.entries()
        for problem in contradictions(recorded(entries).values()):
            raise LedgerChanged(f"{self.ledger.path}: {problem}: restore it from a backup")
        for target in self.targets:
            with self.working(target):
                if anchored := target.anchored():
                    check_head(entries, *anchored, f"target {target.name}")
                seen = target.current()
                if seen and seen not in recorded(entries):
                    raise LedgerTruncated(
                        f"{self.ledger.path} doesn't hold publication {seen}, which readers of target "
                        f"{target.name} see: restore ledger.jsonl from a backup"
                    )
        leading = self.targets[0]
        with self.working(leading):
            if entries and leading.anchored() != (entries[-1]["seq"], entries[-1]["hash"]):
                leading.anchor_head(entries[-1]["seq"], entries[-1]["hash"])

    def check_contract(self, candidate: Candidate) -> None:
        """Raise GateBlocked, before anything is written, if a column that readers have today would be removed
        or change its type.
        """
        coming = {name: table.columns for name, table in candidate.tables.items()}
        for target in self.reached():
            with self.working(target):
                seen = target.current()
                if seen:
                    check_contract(target.name, target.columns(seen), coming)

    def recover(self) -> None:
        """Finish what killed publishers switched, undo what they didn't, repair what was lost."""
        for publication in recorded(self.ledger.entries()).values():
            if publication.is_open:
                leading = self.targets[0]
                if leading.current() == publication.publication_id:
                    self.record_done(leading, publication, recovered=True)
                else:
                    self.record(
                        "abandoned",
                        {
                            "publication_id": publication.publication_id,
                            "intent": publication.intent["hash"],
                            "reason": "the publisher ended before readers saw it",
                        },
                    )
        if latest := self.current():
            for target in self.reached():
                with self.working(target):
                    self.repair(target, latest)
        self.tidy()
        self.progress("recovered")

    def repair(self, target: Target, latest: Recorded) -> None:
        """Bring a target up to the latest publication that lacks it, lost it, or lost the link to it."""
        only: Collection[str] | None = BESIDE
        is_recorded = target.name in latest.done
        if latest.publication_id not in target.kept():
            try:
                candidate = Candidate.read(self.home, latest.intent["content_hash"])
            except InputError as error:
                raise ContentChanged(
                    f"publication {latest.publication_id} is missing from target {target.name}, and "
                    f"so is its candidate {latest.intent['content_hash']}: restore either"
                ) from error
            candidate.check(rows=False)
            self.write(target, latest, candidate)
            is_recorded = False
            if candidate.digest != latest.intent["candidate"]:
                only = None
        if target.current() != latest.publication_id:
            self.switch(target, latest)
        if not is_recorded:
            self.record_done(target, latest, recovered=True, only=only)

    def completed(self) -> list[Recorded]:
        """Return the publications that reached a target, in the order of the ledger."""
        return completed(recorded(self.ledger.entries()).values())

    def current(self) -> Recorded | None:
        completed = self.completed()
        return completed[-1] if completed else None

    def record(self, kind: str, body: dict[str, Any]) -> Entry:
        at, self.at = self.at, "the ledger"
        entry = self.ledger.append(kind, body)
        self.progress(f"{kind} recorded")
        for target in self.reached():
            with self.working(target):
                target.anchor_head(entry["seq"], entry["hash"])
        self.at = at
        return entry

    def write(self, target: Target, publication: Recorded, candidate: Candidate) -> None:
        edition = edition_of(self.home, target, publication, candidate, self.completed(), self.keep)
        target.write_publication(edition, lambda step: self.progress(f"{target.name} {step}"))
        self.progress(f"{target.name} in place")

    def switch(self, target: Target, publication: Recorded) -> None:
        target.switch_to(publication.publication_id)
        self.progress(f"{target.name} switched")

    def record_done(
        self,
        target: Target,
        publication: Recorded,
        *,
        recovered: bool,
        only: Collection[str] | None = BESIDE,
    ) -> None:
        tables = target.tables(publication.publication_id, only)
        publication.done[target.name] = self.record(
            "done",
            {
                "publication_id": publication.publication_id,
                "intent": publication.intent["hash"],
                "target": target.name,
                "files": target.files(publication.publication_id),
                "tables": {name: table_entry(table) for name, table in tables.items()},
                "recovered": recovered,
            },
        )
        self.progress(f"{target.name} done")

    def tidy(self) -> None:
        """Keep the last publications in each target, as many as the company keeps; remove the others."""
        completed = [publication.publication_id for publication in self.completed()]
        for target in self.reached():
            with self.working(target):
                kept = set(target.kept())
                target.keep_only([name for name in completed if name in kept][-self.keep :])
        self.progress("tidied")
