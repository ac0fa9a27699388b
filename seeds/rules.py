"""The catalogue, the agreements in every state of their life, and the rule book: all through the actions that officers use."""

from __future__ import annotations

from datetime import datetime, timedelta
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
    suspend_agreement,
)
from foundation.api import CreditSystem
from identity.api import Institution, Role, User, grant_membership
from seeds.catalogue import read_yaml
from seeds.city import City

ACKNOWLEDGED = "逐条核对：授予的学分按双方教学计划商定，与来源学分的差异是有意为之。"


def build_rules(city: City) -> None:
    """Outcomes, rates, programmes, agreements, and the rule book: drafted by one person, published by another."""
    rows = read_yaml("rulebook.yaml")
    systems = {system.code: system for system in CreditSystem.objects.all()}
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
    for row in rows["agreements"]:
        if not Agreement.objects.filter(code=row["code"]).exists():
            _agreement(city, row)
    for row in rows["programmes"]:
        _programme(city, row, systems)
    home = city.institutions["JLOU"]
    facts = {"institution": home, "title_zh": "江澜开放大学学分认定规则手册", "title_en": "Rule book of Jianglan Open University"}
    book, _made = RuleBook.objects.get_or_create(code="JLOU", defaults=facts)
    if not book.versions.exists():
        version = draft_version(
            book, rules=rows["rules"], limits=rows["limits"], examples=[_dated(city, example) for example in rows["examples"]],
            valid_from=city.today - timedelta(days=600), actor=city.named("xu"),
        )  # fmt: skip
        acknowledged = {finding.code: ACKNOWLEDGED for finding in findings_of(version) if finding.severity == "W"}
        publish_rules(version, actor=city.named("ma"), at=city.at(600), acknowledged=acknowledged)
    if not RecognitionPolicy.objects.exists():
        terms = Terms(decide_counting="working", people_for_review=2, default_result="escalate", last_default_result="grant")
        policy = draft_policy(home, terms, valid_from=city.today - timedelta(days=600), actor=city.named("xu"))
        publish_policy(policy, actor=city.named("ma"), at=city.at(600))


def _dated(city: City, example: dict[str, Any]) -> dict[str, Any]:
    """An example whose days are counted back from the day of loading."""
    records = [
        {
            **{name: value for name, value in record.items() if name != "days_ago"},
            "earned_on": city.today - timedelta(days=record["days_ago"]),
        }
        for record in example["records"]
    ]
    return {**example, "reviewed_on": city.today, "records": records}


def _agreement(city: City, row: dict[str, Any]) -> None:
    """Draft, signatures of those listed, and what came after."""
    places = {city.institutions[code]: role for code, role in row["parties"].items()}
    home, drafted = city.institutions["JLOU"], city.at(row["drafted"])
    agreement = draft_agreement(
        code=row["code"], kind=row["kind"], parties=places, title_zh=row["title"][0], title_en=row["title"][1], text_zh=row["text"][0],
        text_en=row["text"][1], precedence=row["precedence"], starts_on=city.today - timedelta(days=row["starts"]), actor=city.named("xu"), at=drafted,
        by=home, supersedes=Agreement.objects.filter(code=row.get("supersedes", "")).first(),
    )  # fmt: skip
    signing = [place for place in must_sign(agreement) if place.code in row.get("signed", [place.code])]
    for number, place in enumerate(signing, start=1):
        moment = drafted + timedelta(days=3 * number)
        agreement = sign_agreement(agreement, institution=place, actor=_officer(city, place), at=moment, shown_hash=hash_of_text(agreement))
    if agreement.status == "signed" and agreement.starts_on <= city.today:
        run_agreement_clock(on=agreement.starts_on, at=city.at(row["starts"]))
    _afterwards(city, agreement, row, home)


def _afterwards(city: City, agreement: Agreement, row: dict[str, Any], home: Institution) -> None:
    for what in ("suspended", "ended"):
        if what in row:
            at: datetime = city.at(row[what]["days_ago"])
            day = at.date()
            common = {"actor": city.named("zhou"), "at": at, "reason": row[what]["reason"], "by": home}
            if what == "suspended":
                suspend_agreement(agreement, from_day=day, **common)
            else:
                end_agreement(agreement, last_day=day, **common)


def _officer(city: City, place: Institution) -> User:
    """Who signs for an institution: the open university's officer, elsewhere a credit officer of its own."""
    if place.code == "JLOU":
        return city.named("zhou")
    email = f"credit_officer.{place.code.lower()}@demo.example"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(name=f"{place.name_zh[:6]}学分专员", email=email, is_demo=True)
        grant_membership(user, place, Role.CREDIT_OFFICER, actor=None, starts_on=city.today - timedelta(days=900))
    return user


def _programme(city: City, row: dict[str, Any], systems: dict[str, CreditSystem]) -> None:
    programme, made = Programme.objects.get_or_create(
        code=row["code"],
        defaults={
            "institution": city.institutions[row["institution"]], "title_zh": row["title"][0], "title_en": row["title"][1], "cohort": "2026",
            "system": systems["A"], "total": Decimal(row["total"]),
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
