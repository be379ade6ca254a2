"""Emails, calls, chats, letters (the CRM's tasks) and meetings (its events), as feeds."""

import numpy as np

from thermocline.example.crm import STAMPS, SYSTEM
from thermocline.example.deliveries import Array, stream
from thermocline.example.scene import Scene, in_order, objects
from thermocline.example.writer import Feed, Findings, crm_id

# One row per way to communicate: TaskSubtype, CallType, CallDisposition, Subject.
WAYS = (
    ("Email", "Inbound", None, "Order by email"),
    ("Email", "Outbound", None, "Offer, prices attached"),
    ("Call", "Inbound", "Answered", "Question on delivery"),
    ("Call", "Outbound", "Answered", "Check-in call"),
    ("Call", "Outbound", "No Answer", "Check-in call"),
    ("Chat__c", "Inbound", None, "Web chat"),
    ("Letter__c", "Outbound", None, "Catalogue"),
    ("Letter__c", "Inbound", None, "Letter"),
)
AROUND_INVOICES = (0.2, 0.08, 0.1, 0.06, 0.05, 0.03, 0.005, 0.005)
FROM_US = (0.0, 0.5, 0.0, 0.15, 0.2, 0.0, 0.15, 0.0)
FROM_THEM = (0.5, 0.0, 0.38, 0.0, 0.0, 0.09, 0.0, 0.03)


def task_feed(scene: Scene, ahead: int) -> Feed:
    """Return one row per email, call, chat or letter; the last `ahead` are dated after the window."""
    rng = stream(scene.seed, "tasks")
    calendar = scene.calendar
    u = rng.random(len(scene.met))
    way_met = np.searchsorted(np.cumsum(AROUND_INVOICES), u, side="right")
    talked = way_met < len(WAYS)
    party_met, day_met = scene.around(scene.met[talked], -rng.integers(0, 6, int(talked.sum())))
    parts = [(party_met, day_met, way_met[talked])]
    calls = np.where(scene.asks, 6.0, 0.2)
    for per_year, mix in ((3.0, FROM_US), (calls, FROM_THEM)):
        party, day = scene.at_random(rng, per_year)
        parts.append((party, day, rng.choice(len(WAYS), len(party), p=mix)))
    party, day, way = (np.concatenate(column) for column in zip(*parts, strict=True))
    party, day, way, second = in_order(rng, party, day, way)
    if ahead and len(day):
        day[-ahead:] = calendar.days + 4
    contact = scene.contacts.someone(party, rng.random(len(party)))
    subtypes, directions, dispositions, subjects = (objects(column) for column in zip(*WAYS, strict=True))

    def rows(at: slice) -> dict[str, Array]:
        kind = way[at]
        moment = calendar.moment(day[at], second[at])
        return {
            "number": np.arange(at.start, at.stop) + 1,
            "account": scene.company.crm_number[party[at]],
            "contact": contact[at],
            "subject": subjects[kind],
            "subtype": subtypes[kind],
            "direction": directions[kind],
            "disposition": dispositions[kind],
            "moment": moment,
            "modified": np.minimum(moment, calendar.moment(np.array(calendar.days), -3600)),
        }

    columns = {
        "Id": "crm_id('00T', number)",
        "IsDeleted": "false",
        "AccountId": "crm_id('001', account)",
        "WhoId": "case when contact > 0 then crm_id('003', contact) end",
        "Subject": "subject",
        "Status": "'Completed'",
        "TaskSubtype": "subtype",
        "CallType": "direction",
        "CallDisposition": "disposition",
        "ActivityDate": "moment::date",
        "CompletedDateTime": "zulu(moment)",
        "CreatedDate": "zulu(modified)",
        **STAMPS,
    }
    return Feed(
        SYSTEM,
        "Task.csv",
        columns,
        calendar.delivery_of(day),
        rows,
        calendar,
        documents=len(party),
    )


def note_ahead(findings: Findings, tasks: Feed, ahead: int) -> None:
    """Record the tasks that are dated after the window."""
    last = len(tasks.delivery)
    for row in range(max(last - ahead, 0), last):
        findings.note("dated_ahead", "not_yet", tasks, row, crm_id("00T", row + 1))


def event_feed(scene: Scene) -> Feed:
    """Return one row per meeting, delivered when it is over."""
    rng = stream(scene.seed, "events")
    calendar = scene.calendar
    met = scene.met[rng.random(len(scene.met)) < 0.025]
    party_met, day_met = scene.around(met, -rng.integers(0, 15, len(met)))
    party_else, day_else = scene.at_random(rng, 0.1)
    party, day, second = in_order(
        rng, np.concatenate([party_met, party_else]), np.concatenate([day_met, day_else])
    )
    contact = scene.contacts.someone(party, rng.random(len(party)))
    cancelled = rng.random(len(party)) < 0.14
    planned = np.maximum(day - rng.integers(0, 14, len(day)), scene.begins[party])

    def rows(at: slice) -> dict[str, Array]:
        start = calendar.moment(day[at], second[at] // 1800 * 1800)
        end = start + np.timedelta64(3600, "s")
        return {
            "number": np.arange(at.start, at.stop) + 1,
            "account": scene.company.crm_number[party[at]],
            "contact": contact[at],
            "start_at": start,
            "end_at": end,
            "cancelled": cancelled[at],
            "created": np.minimum(calendar.moment(planned[at], second[at]), start),
            "modified": end,
        }

    columns = {
        "Id": "crm_id('00U', number)",
        "IsDeleted": "false",
        "AccountId": "crm_id('001', account)",
        "WhoId": "case when contact > 0 then crm_id('003', contact) end",
        "Subject": "'Meeting'",
        "StartDateTime": "zulu(start_at)",
        "EndDateTime": "zulu(end_at)",
        "Status__c": "if(cancelled, 'Cancelled', 'Held')",
        "CreatedDate": "zulu(created)",
        **STAMPS,
    }
    return Feed(
        SYSTEM,
        "Event.csv",
        columns,
        calendar.delivery_of(day),
        rows,
        calendar,
        documents=len(party),
    )
