"""The catalogue, the agreements in every state of their life, and the rule books: all through the actions that officers use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from creditbank.api import (
    Agreement,
    Outcome,
    Programme,
    Rate,
    RecognitionPolicy,
    Requirement,
    RuleBook,
    RuleBookVersion,
    Terms,
    draft_agreement,
    draft_policy,
    draft_version,
    end_agreement,
    findings_of,
    hash_of_text,
    must_sign,
    publish_policy,
    publish_rules,
    run_agreement_clock,
    sign_agreement,
    start_simulation,
    suspend_agreement,
)
from foundation.api import CreditSystem
from identity.api import Institution, Role
from seeds.catalogue import rule_rows
from seeds.city import City
from seeds.clock import standing_at
from seeds.desks import author_and_publisher, desk_person

ACKNOWLEDGED = "逐条核对：授予的学分按双方教学计划商定，与来源学分的差异是有意为之。"


def build_rules(city: City) -> None:
    """Outcomes, rates, agreements, programmes, and the rule books in their versions: drafted by one person, published by another."""
    rows = rule_rows()
    systems = {system.code: system for system in CreditSystem.objects.all()}
    _catalogue(city, rows, systems)
    for row in sorted(rows["agreements"], key=lambda one: -one["drafted"]):
        if not Agreement.objects.filter(code=row["code"]).exists():
            _agreement(city, row)
    run_agreement_clock(on=city.today - timedelta(days=1), at=city.at(1))
    for row in rows["programmes"]:
        _programme(city, row, systems)
    for row in rows["books"]:
        _book(city, row)


def _catalogue(city: City, rows: Mapping[str, Any], systems: Mapping[str, CreditSystem]) -> None:
    for code, zh, en, credits, system, category, source_type, subjects in rows["outcomes"]:
        owner = city.institutions[code.split(":")[0].removesuffix("-N")]
        Outcome.objects.get_or_create(
            code=code,
            defaults={
                "owner": owner, "title_zh": zh, "title_en": en, "credits": Decimal(credits), "system": systems[system], "category": category,
                "source_type": source_type, "subjects": subjects,
            },
        )  # fmt: skip
    for source, target, num, den in rows["rates"]:
        Rate.objects.get_or_create(source=systems[source], target=systems[target], defaults={"num": num, "den": den})


def _book(city: City, row: Mapping[str, Any]) -> None:
    """A rule book with its versions, the oldest first; a version without a day of publication stays a draft and is simulated."""
    place = city.institutions[row["code"]]
    facts = {"institution": place, "title_zh": row["title"][0], "title_en": row["title"][1]}
    book, _made = RuleBook.objects.get_or_create(code=row["code"], defaults=facts)
    if book.versions.exists():
        return
    hands, first = author_and_publisher(city, place), row["history"][0]
    known: dict[str, tuple[dict[str, Any], int]] = {}
    for told in row["history"]:
        published, rules = told.get("published", 9), _told(row["rules"], told, "changed")
        for rule in rules:
            known[rule["id"]] = _revised(rule, known.get(rule["id"]))
        with standing_at(city.at(published + 6)):
            version = draft_version(
                book, rules=[{**rule, "version": known[rule["id"]][1]} for rule in rules], limits=_told(row["limits"], told, "limits"),
                examples=[_dated(city, example) for example in _told(row["examples"], told, "examples")],
                valid_from=city.today - timedelta(days=told["since"]), actor=hands.officer, notes=told.get("notes", ""),
            )  # fmt: skip
        if "published" in told:
            with standing_at(city.at(published)):
                acknowledged = {finding.code: ACKNOWLEDGED for finding in findings_of(version) if finding.severity == "W"}
                publish_rules(version, actor=hands.reviewer, at=city.at(published), acknowledged=acknowledged)
    terms = Terms(
        decide_counting="working", people_for_review=row["people_for_review"], default_result="escalate", last_default_result="grant"
    )
    if not RecognitionPolicy.objects.filter(institution=place).exists():
        with standing_at(city.at(first["published"])):
            policy = draft_policy(place, terms, valid_from=city.today - timedelta(days=first["since"]), actor=hands.officer)
            publish_policy(policy, actor=hands.reviewer, at=city.at(first["published"]))


def _revised(rule: dict[str, Any], before: tuple[dict[str, Any], int] | None) -> tuple[dict[str, Any], int]:
    """A rule with its revision: one more than before where it reads otherwise."""
    if before is None:
        return rule, 1
    return rule, before[1] + (rule != before[0])


def _told(rows: Sequence[Mapping[str, Any]], told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Rules, limits or examples as one version has them: those it does not have left out, those that read otherwise changed."""
    changes = told.get(name, {})
    kept = [row for row in rows if row.get("id") not in told.get("without", [])]
    return [{**row, **changes.get(row.get("id", row.get("code")), {})} for row in kept]


def _dated(city: City, example: Mapping[str, Any]) -> dict[str, Any]:
    """An example whose days are counted back from the day of loading."""
    records = [
        {
            **{name: value for name, value in record.items() if name != "days_ago"},
            "earned_on": city.today - timedelta(days=record["days_ago"]),
        }
        for record in example["records"]
    ]
    return {**example, "reviewed_on": city.today, "records": records}


def simulate_drafts(city: City) -> None:
    """What each draft would change for the learners of the city, worked to the end."""
    for version in RuleBookVersion.objects.filter(status="draft", simulations__isnull=True):
        start_simulation(version, actor=author_and_publisher(city, version.book.institution).officer, at=city.at(2))


def _agreement(city: City, row: Mapping[str, Any]) -> None:
    """Draft, signatures of those listed, and what came after."""
    places = {city.institutions[code]: role for code, role in row["parties"].items()}
    home, drafted = city.institutions[row.get("home", "JLOU")], city.at(row["drafted"])
    starts_on = city.today - timedelta(days=row["starts"])
    with standing_at(drafted):
        agreement = draft_agreement(
            code=row["code"], kind=row["kind"], parties=places, title_zh=row["title"][0], title_en=row["title"][1], text_zh=row["text"][0],
            text_en=row["text"][1], precedence=row["precedence"], starts_on=starts_on, actor=author_and_publisher(city, home).officer, at=drafted,
            by=home, supersedes=Agreement.objects.filter(code=row.get("supersedes", "")).first(),
            ends_on=starts_on + timedelta(days=row["lasts"]) if "lasts" in row else None,
        )  # fmt: skip
    signing = [place for place in must_sign(agreement) if place.code in row.get("signed", [place.code])]
    for number, place in enumerate(signing, start=1):
        moment = drafted + timedelta(days=3 * number)
        with standing_at(moment):
            officer = desk_person(city, place, Role.CREDIT_OFFICER)
            agreement = sign_agreement(agreement, institution=place, actor=officer, at=moment, shown_hash=hash_of_text(agreement))
    if agreement.status == "signed" and agreement.starts_on <= city.today:
        with standing_at(city.at(row["starts"])):
            run_agreement_clock(on=agreement.starts_on, at=city.at(row["starts"]))
    _afterwards(city, agreement, row, home)


def _afterwards(city: City, agreement: Agreement, row: Mapping[str, Any], home: Institution) -> None:
    for what in ("suspended", "ended"):
        if what in row:
            at = city.at(row[what]["days_ago"])
            common = {"actor": desk_person(city, home, Role.CREDIT_OFFICER), "at": at, "reason": row[what]["reason"], "by": home}
            with standing_at(at):
                if what == "suspended":
                    suspend_agreement(agreement, from_day=at.date(), **common)
                else:
                    end_agreement(agreement, last_day=at.date(), **common)


def _programme(city: City, row: Mapping[str, Any], systems: Mapping[str, CreditSystem]) -> None:
    programme, made = Programme.objects.get_or_create(
        code=row["code"],
        defaults={
            "institution": city.institutions[row["institution"]], "title_zh": row["title"][0], "title_en": row["title"][1], "cohort": "2026",
            "system": systems[row.get("system", "A")], "category": row.get("category", "academic"), "total": Decimal(row["total"]),
        },
    )  # fmt: skip
    if made:
        Requirement.objects.bulk_create(
            [
                Requirement(
                    programme=programme, path=leaf["path"], position=position, title_zh=leaf["title"][0], title_en=leaf["title"][1],
                    outcomes=leaf.get("outcomes", []), need_credits=Decimal(leaf["need_credits"]), elective=leaf.get("elective", False),
                )
                for position, leaf in enumerate(row["requirements"])
            ]
        )  # fmt: skip
