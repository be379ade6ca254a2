"""OpenLineage events: what a run read and published, for tools that collect lineage.

The tables of `raw` and `config` are inputs, and so is each landed file that no earlier publication was
made of; the published tables of each target are outputs.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from thermocline import __version__, durable
from thermocline.audit.evidence_pack import lineage_of, lineage_rows
from thermocline.candidates.candidate import Candidate
from thermocline.candidates.contract import REPORTING_SCHEMA
from thermocline.errors import TargetBehind
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.ledger.chain import Ledger, last_inputs, recorded
from thermocline.ledger.facts import Facts, Input

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

PRODUCER = f"urn:thermocline:{__version__}"

Origins = Mapping[str, Mapping[str, Sequence[tuple[str, str]]]]
"""Table and column: the tables and columns that it is made of."""


@dataclass(frozen=True)
class Run:
    """One run of a job; `run_id` is the same for the same run of the same home, in every process."""

    namespace: str
    job: str
    job_type: str
    run_id: str

    @classmethod
    def of(cls, home: Home, job: str, job_type: str, name: str) -> "Run":
        """Return the run `name` of `job`, a DAG or COMMAND; OPENLINEAGE_NAMESPACE distinguishes companies."""
        namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or "thermocline"
        run_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{home.root}\n{job}\n{name}")
        return cls(namespace, job, job_type, str(run_id))


@dataclass(frozen=True)
class Details:
    """What an event says beside the run: its inputs, outputs, tags, and why it didn't complete."""

    inputs: Sequence["InputDataset"] = ()
    outputs: Sequence["OutputDataset"] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


def of_publication(home: Home, run: Run, publication_id: str, content_hash: str) -> Details:
    """Return the event details of a publication: its inputs, and its tables in each target that has it."""
    candidate = Candidate.read(home, content_hash)
    origins = column_origins(home, candidate.facts)
    publication = recorded(Ledger(home.ledger).entries())[publication_id]
    restores = publication.intent["restores"]
    return Details(
        inputs=_inputs(home, run, candidate, origins),
        outputs=[
            _output(run, target, candidate, table, publication_id, origins.get(table, {}))
            for target in sorted(publication.done)
            for table in sorted(candidate.tables)
        ],
        tags={
            **_tags(candidate),
            "publication_id": publication_id,
            **({"restores": restores} if restores else {}),
        },
    )


def of_failure(home: Home, run: Run, error: BaseException, content_hash: str | None) -> Details:
    """Return the reason why a run failed, with its inputs if it got as far as a candidate.

    With its outputs where only a further target failed.
    """
    reason = str(error) or type(error).__name__
    if isinstance(error, TargetBehind) and error.publication_id and error.content_hash:
        return replace(of_publication(home, run, error.publication_id, error.content_hash), reason=reason)
    if content_hash is None or not (home.candidates / content_hash).is_dir():
        return Details(reason=reason)
    candidate = Candidate.read(home, content_hash)
    return Details(_inputs(home, run, candidate, {}), tags=_tags(candidate), reason=reason)


def column_origins(home: Home, facts: Facts) -> Origins:
    """Return the origins of each published column; empty where the build's records aren't kept.

    Parsing the SQL takes seconds, so the last result is kept in `scratch` as long as the dbt project and the
    tables' columns are the same.
    """
    key = hashlib.sha256(f"{facts.manifest_hash} {facts.records.get('schemas')}".encode()).hexdigest()
    cache = home.scratch / "column_origins.json"
    try:
        held = json.loads(cache.read_bytes())
        if held["key"] == key:
            return _by_column(held["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    kept = {
        name: content
        for name in ("manifest", "results", "schemas")
        if name in facts.records and (content := kept_records.read(home, facts.records[name])) is not None
    }
    if len(kept) < 3:
        return {}
    rows = [row[:4] for row in lineage_rows(lineage_of(kept), json.loads(kept["schemas"])) if row[2]]
    cache.parent.mkdir(parents=True, exist_ok=True)
    durable.replace(cache, json.dumps({"key": key, "rows": rows}).encode())
    return _by_column(rows)


def _by_column(rows: Iterable[Sequence[str]]) -> Origins:
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for table, column, origin_table, origin_column in rows:
        name = table.removeprefix(f"{REPORTING_SCHEMA}.")
        found.setdefault(name, {}).setdefault(column, []).append((origin_table, origin_column))
    return found


def _inputs(home: Home, run: Run, candidate: Candidate, origins: Origins) -> list["InputDataset"]:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import dataset_version_dataset, input_statistics_input_dataset

    tables = {table for columns in origins.values() for found in columns.values() for table, _ in found}
    return [
        *(InputDataset(run.namespace, table) for table in sorted(tables)),
        *(
            InputDataset(
                run.namespace,
                f"landing/{item.source}/{item.path}",
                facets={
                    "version": dataset_version_dataset.DatasetVersionDatasetFacet(
                        item.sha256, producer=PRODUCER
                    )
                },
                inputFacets={
                    "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                        rowCount=item.rows, size=item.bytes, producer=PRODUCER
                    )
                },
            )
            for item in _new_files(home, candidate)
        ),
    ]


def _new_files(home: Home, candidate: Candidate) -> list[Input]:
    """Return the files that no publication before this candidate's own was made of."""
    entries = Ledger(home.ledger).entries()
    own = [
        position
        for position, entry in enumerate(entries)
        if entry["kind"] == "intent" and entry["content_hash"] == candidate.content_hash
    ]
    known = last_inputs(entries[: own[-1]] if own else entries)
    return [
        item for item in sorted(candidate.facts.inputs) if (item.source, item.path, item.sha256) not in known
    ]


def _output(
    run: Run,
    target: str,
    candidate: Candidate,
    table: str,
    publication_id: str,
    origins: Mapping[str, Sequence[tuple[str, str]]],
) -> "OutputDataset":
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import (
        DatasetFacet,
        column_lineage_dataset,
        dataset_version_dataset,
        output_statistics_output_dataset,
        schema_dataset,
    )

    columns = candidate.tables[table].columns
    facets: dict[str, DatasetFacet] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(publication_id, producer=PRODUCER),
        "schema": schema_dataset.SchemaDatasetFacet(
            [
                schema_dataset.SchemaDatasetFacetFields(name, kind, fields=None)
                for name, kind in columns.items()
            ],
            producer=PRODUCER,
        ),
    }
    lineage = {
        column: column_lineage_dataset.Fields(
            [
                column_lineage_dataset.InputField(run.namespace, origin, origin_column, None)
                for origin, origin_column in origins[column]
            ]
        )
        for column in columns
        if column in origins
    }
    if lineage:
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            lineage, None, producer=PRODUCER
        )
    return OutputDataset(
        run.namespace,
        f"{target}.{REPORTING_SCHEMA}.{table}",
        facets=facets,
        outputFacets={
            "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=candidate.tables[table].rows, producer=PRODUCER
            )
        },
    )


def _tags(candidate: Candidate) -> dict[str, str]:
    facts = candidate.facts
    return {
        "as_of_date": facts.as_of_date.isoformat(),
        "code_version": facts.code_version,
        "content_hash": candidate.content_hash,
        "inputs_digest": facts.inputs_digest,
    }


def event(run: Run, kind: str, details: Details) -> "RunEvent":
    """Return the OpenLineage event of a run that is at `kind`: START, COMPLETE, FAIL or ABORT."""
    from openlineage.client import event_v2
    from openlineage.client.facet_v2 import RunFacet, error_message_run, job_type_job, tags_run

    facets: dict[str, RunFacet] = {}
    if details.tags:
        tags = [tags_run.TagsRunFacetFields(*tag, source="THERMOCLINE") for tag in details.tags.items()]
        facets["tags"] = tags_run.TagsRunFacet(tags, producer=PRODUCER)
    if details.reason:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            details.reason, programmingLanguage="PYTHON", producer=PRODUCER
        )
    job_type = job_type_job.JobTypeJobFacet("BATCH", "THERMOCLINE", run.job_type, producer=PRODUCER)
    return event_v2.RunEvent(
        eventType=event_v2.RunState[kind],
        eventTime=datetime.now(UTC).isoformat(timespec="milliseconds"),
        run=event_v2.Run(run.run_id, facets),
        job=event_v2.Job(run.namespace, run.job, {"jobType": job_type}),
        inputs=list(details.inputs),
        outputs=list(details.outputs),
        producer=PRODUCER,
    )
