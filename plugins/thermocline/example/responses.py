"""Responses of accounts: quotes won or lost, complaints, surveys, as feeds."""

import numpy as np

from thermocline.example.company import CURRENCIES
from thermocline.example.crm import STAMPS, SYSTEM
from thermocline.example.deliveries import NEVER, Array, Versions, stream
from thermocline.example.names import COMMENTS, TOPICS
from thermocline.example.scene import Scene, in_order, objects
from thermocline.example.writer import Feed

STAGES = ("Prospecting", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
SURVEYS = (("NPS", 0, 10), ("CSAT", 1, 5), ("Survey", 0, 100))


def opportunity_feed(scene: Scene) -> Feed:
    """Return one row per quote and state: won ones lead to an invoice, others are lost or stay open."""
    rng = stream(scene.seed, "opportunities")
    calendar, invoices = scene.calendar, scene.invoices
    won = scene.met[rng.random(len(scene.met)) < 0.1]
    closed_won = invoices.day[won]
    party_won, opened_won = scene.around(won, -rng.integers(3, 60, len(won)))
    rate = np.where(scene.asks, 4.0, np.where(scene.company.has_billing, 0.5, 0.15))
    party_else, opened_else = scene.at_random(rng, rate)
    closes = opened_else + 5 + rng.exponential(45, len(opened_else)).astype(np.int64)
    ends = (rng.random(len(closes)) < 0.85) & (closes < scene.ends[party_else])
    party, opened, closed, outcome, amount, luck, second = in_order(
        rng,
        np.concatenate([party_won, party_else]),
        np.concatenate([opened_won, opened_else]),
        np.concatenate([np.maximum(closed_won, opened_won), np.where(ends, closes, NEVER)]),
        np.concatenate([np.full(len(won), 3), np.where(ends, 4, 0)]),
        np.concatenate(
            [
                invoices.total[won],
                np.round(rng.lognormal(np.log(700), 0.9, len(closes))).astype(np.int64) * 100,
            ]
        ),
        rng.integers(0, 3 * len(TOPICS), len(won) + len(closes)),
    )
    versions = Versions.of(calendar, opened, closed)
    stages, topics = objects(STAGES), objects(TOPICS)
    currencies = objects(CURRENCIES)

    def rows(at: slice) -> dict[str, Array]:
        which, changed = versions.record[at], versions.shows_change[at]
        stage = np.where(changed, outcome[which], luck[which] % 3)
        created = calendar.moment(opened[which], second[which])
        later = calendar.moment(closed[which], 16 * 3600 + second[which] % 3600)
        expected = opened[which] + 30 + luck[which]
        return {
            "number": which + 1,
            "account": scene.company.crm_number[party[which]],
            "topic": topics[luck[which] // 3],
            "stage": stages[stage],
            "amount": amount[which],
            "currency": currencies[scene.company.currency[party[which]]],
            "closes": calendar.moment(np.where(changed, closed[which], expected), 0),
            "closed": changed,
            "won": changed & (stage == 3),
            "created": created,
            "modified": np.where(changed, later, created),
        }

    columns = {
        "Id": "crm_id('006', number)",
        "IsDeleted": "false",
        "AccountId": "crm_id('001', account)",
        "Name": "topic || ' Q-' || number",
        "StageName": "stage",
        "Amount": "money(amount)",
        "CurrencyIsoCode": "currency",
        "CloseDate": "closes::date",
        "IsClosed": "closed",
        "IsWon": "won",
        "CreatedDate": "zulu(created)",
        **STAMPS,
    }
    return Feed(
        SYSTEM,
        "Opportunity.csv",
        columns,
        versions.delivery,
        rows,
        calendar,
        documents=len(party),
    )


def case_feed(scene: Scene) -> Feed:
    """Return one row per complaint and state; most are closed after some days."""
    rng = stream(scene.seed, "cases")
    calendar = scene.calendar
    chance = 0.05 * (1.15 - scene.satisfaction[scene.invoices.buyer[scene.met]])
    about = scene.met[rng.random(len(scene.met)) < chance]
    party, day = scene.around(about, rng.integers(1, 20, len(about)))
    party, day, second = in_order(rng, party, day)
    takes = rng.exponential(12, len(day)).astype(np.int64)
    closed = np.where(rng.random(len(day)) < 0.92, day + takes, NEVER)
    versions = Versions.of(calendar, day, closed)

    def rows(at: slice) -> dict[str, Array]:
        which, changed = versions.record[at], versions.shows_change[at]
        created = calendar.moment(day[which], second[which])
        later = calendar.moment(closed[which], 16 * 3600 + second[which] % 3600)
        return {
            "number": which + 1,
            "account": scene.company.crm_number[party[which]],
            "closed": changed,
            "closed_at": later,
            "created": created,
            "modified": np.where(changed, later, created),
        }

    columns = {
        "Id": "crm_id('500', number)",
        "IsDeleted": "false",
        "AccountId": "crm_id('001', account)",
        "Type": "'Complaint'",
        "Subject": "'Goods damaged, or late'",
        "Status": "if(closed, 'Closed', 'New')",
        "CreatedDate": "zulu(created)",
        "ClosedDate": "case when closed then zulu(closed_at) end",
        **STAMPS,
    }
    return Feed(SYSTEM, "Case.csv", columns, versions.delivery, rows, calendar, documents=len(party))


def survey_feed(scene: Scene) -> Feed:
    """Return one row per answer to an NPS, CSAT or other survey."""
    rng = stream(scene.seed, "surveys")
    calendar = scene.calendar
    asked = scene.met[rng.random(len(scene.met)) < 0.03]
    parts = [(*scene.around(asked, rng.integers(1, 8, len(asked))), np.ones(len(asked), int))]
    for code, per_year in ((0, 0.4), (2, 0.1)):
        party, day = scene.at_random(rng, per_year * scene.company.has_billing)
        parts.append((party, day, np.full(len(party), code)))
    party, day, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
    party, day, kind, second = in_order(rng, party, day, kind)
    least, most = (np.array([survey[at] for survey in SURVEYS]) for at in (1, 2))
    mood = np.clip(scene.satisfaction[party] + rng.normal(0, 0.15, len(party)), 0, 1)
    score = least[kind] + np.round(mood * (most - least)[kind]).astype(np.int64)
    says = rng.random(len(party)) < 0.3
    comment = np.where(says, rng.integers(1, 1 + len(COMMENTS), len(party)), 0)
    kinds = objects(tuple(survey[0] for survey in SURVEYS))
    comments = objects((None, *COMMENTS))

    def rows(at: slice) -> dict[str, Array]:
        return {
            "number": np.arange(at.start, at.stop) + 1,
            "account": scene.company.crm_number[party[at]],
            "kind": kinds[kind[at]],
            "score": score[at],
            "least": least[kind[at]],
            "most": most[kind[at]],
            "comment": comments[comment[at]],
            "modified": calendar.moment(day[at], second[at]),
        }

    columns = {
        "Id": "crm_id('a0S', number)",
        "IsDeleted": "false",
        "Account__c": "crm_id('001', account)",
        "Kind__c": "kind",
        "Score__c": "score",
        "Scale_Min__c": "least",
        "Scale_Max__c": "most",
        "Comment__c": "comment",
        "Submitted__c": "zulu(modified)",
        **STAMPS,
    }
    return Feed(
        SYSTEM,
        "Survey_Response__c.csv",
        columns,
        calendar.delivery_of(day),
        rows,
        calendar,
        documents=len(party),
    )
