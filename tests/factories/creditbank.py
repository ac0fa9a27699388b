"""The smallest valid bank: a programme, a published rule book, an archive worth credits there, and an application."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import factory
from factory.django import DjangoModelFactory

from creditbank.api import (
    NOBODY,
    AccountKind,
    Application,
    LineDecision,
    Move,
    Outcome,
    Place,
    Programme,
    Requirement,
    RuleBook,
    RuleBookVersion,
    Terms,
    claim_application,
    decide_application,
    deposit,
    draft_policy,
    draft_version,
    publish_policy,
    publish_rules,
    start_application,
    submit_application,
    verify,
)
from identity.api import Institution, Role, User
from learning.api import LearningRecord
from tests.factories.identity import InstitutionFactory, UserFactory, person_as
from tests.factories.learning import credit_system, make_record

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
ON = date(2026, 3, 2)
LATER = AT + timedelta(days=1)
ACKNOWLEDGED = dict.fromkeys((f"L{number:02}" for number in range(1, 29)), "已知悉")
"""A note on every kind of warning: these banks are about something else than their lint."""
TWO = Terms(people_for_review=2)
_numbers = itertools.count(1)


class OutcomeFactory(DjangoModelFactory):
    class Meta:
        model = Outcome

    code = factory.Sequence(lambda number: f"OWNER:OUT{number}")
    owner = factory.SubFactory(InstitutionFactory)
    title_zh = factory.Sequence(lambda number: f"学习成果{number}")
    title_en = factory.Sequence(lambda number: f"Outcome {number}")


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    code = factory.Sequence(lambda number: f"PROG-{number}")
    institution = factory.SubFactory(InstitutionFactory)
    title_zh = "护理学专科"
    title_en = "Nursing diploma"
    system = factory.LazyFunction(credit_system)
    total = Decimal(76)


class RequirementFactory(DjangoModelFactory):
    class Meta:
        model = Requirement

    programme = factory.SubFactory(ProgrammeFactory)
    path = factory.Sequence(lambda number: f"1.{number}")
    title_zh = "专业课"
    title_en = "Core courses"


class RuleBookFactory(DjangoModelFactory):
    class Meta:
        model = RuleBook

    code = factory.Sequence(lambda number: f"BOOK{number}")
    institution = factory.SubFactory(InstitutionFactory)
    title_zh = "学分认定规则"
    title_en = "Recognition rules"


@dataclass
class Bank:
    """An institution that recognises: its programme, rules, and three people at its desk."""

    institution: Institution
    programme: Programme
    version: RuleBookVersion
    source: Institution
    officer: User
    reviewer: User
    auditor: User
    outcomes: list[Outcome] = field(default_factory=list)


def make_bank(
    *, amounts: Sequence[str] = ("3", "2"), unit: str = "V", route: str = "review", min_score: str = "60", terms: Terms = TWO,
    evidence: Sequence[str] = (), limits: Sequence[dict[str, Any]] = (),
) -> Bank:  # fmt: skip
    """Rule ``R1`` … turns one outcome each of another institution, taken in ``unit``, into so many academic credits.

    Two persons agree on a reviewed case here, unless ``terms`` say otherwise.
    """
    number = next(_numbers)
    home, source = InstitutionFactory(), InstitutionFactory()
    programme = ProgrammeFactory(institution=home)
    outcomes, rules = [], []
    for at, amount in enumerate(amounts, start=1):
        facts = {"credits": Decimal(4), "system": credit_system(unit), "category": "vocational" if unit == "V" else "academic"}
        outcome = OutcomeFactory(code=f"SRC{number}:C{at}", owner=source, title_zh=f"来源课程{at}", **facts)
        target = OutcomeFactory(
            code=f"HOME{number}:T{at}", owner=home, title_zh=f"目标课程{at}", credits=Decimal(amount), system=credit_system()
        )
        RequirementFactory(programme=programme, path=f"1.{at}", outcomes=[target.code], need_credits=Decimal(amount), need_courses=1)
        grant = {"kind": "course", "outcome": target.code, "credits": "fixed", "amount": amount}
        lhs = {"outcome": outcome.code, "min_score": min_score}
        said = {"reason_zh": "内容相当", "reason_en": "same content", "evidence": list(evidence)}
        rules.append({"id": f"R{at}", "lhs": lhs, "grants": [grant], "route": route, **said})
        outcomes.append(outcome)
    officer, reviewer = person_as(Role.CREDIT_OFFICER, home, name="周敏仪"), person_as(Role.REVIEWER, home, name="贺知远")
    book = RuleBookFactory(institution=home)
    draft = draft_version(book, rules=rules, limits=list(limits), valid_from=date(2025, 1, 1), actor=officer)
    version = publish_rules(draft, actor=reviewer, at=AT - timedelta(days=30), acknowledged=ACKNOWLEDGED)
    publish_policy(draft_policy(home, terms, valid_from=date(2025, 1, 1), actor=officer), actor=reviewer, at=AT - timedelta(days=30))
    return Bank(home, programme, version, source, officer, reviewer, person_as(Role.AUDITOR, name="审计员"), outcomes)


def earn(bank: Bank, learner: User, *, which: int = 0, score: str = "86", amount: str = "4", **facts: Any) -> LearningRecord:
    """A record of one of the bank's outcomes, deposited and confirmed at once (an institution's upload)."""
    outcome = bank.outcomes[which]
    given = {
        "credit_system": outcome.system,
        "category": outcome.category,
        "outcome_code": outcome.code,
        "institution": bank.source,
        **facts,
    }
    return make_record(
        learner, title_zh=outcome.title_zh, title_en=outcome.title_en, score=Decimal(score), credits=Decimal(amount), **given
    )


def make_learner(bank: Bank, *, records: int = 2) -> User:
    learner = UserFactory(name="林晓雯")
    for which in range(records):
        earn(bank, learner, which=which)
    return learner


def make_application(bank: Bank | None = None, *, learner: User | None = None, state: str = "submitted", at: datetime = AT) -> Application:
    """An application that went through the product's own actions to ``draft``, ``submitted``, ``checking`` or ``second_review``."""
    bank = bank or make_bank()
    application = start_application(bank.programme, learner=learner or make_learner(bank), at=at)
    if state != "draft":
        application = submit_application(application, actor=application.learner, at=at)
    if state in {"checking", "second_review"}:
        application = claim_application(application, actor=bank.officer, at=at)
    if state == "second_review":
        application = decide_application(application, decisions=all_lines(application), actor=bank.officer, at=at)
    return application


def all_lines(application: Application, choice: str = "accept", *, reason: str = "") -> dict[int, LineDecision]:
    return {line.position: LineDecision(choice, reason=reason) for line in application.lines.all()}


def issuer(code: str = "SCHOOL", unit: str = "A") -> Place:
    return Place(AccountKind.ISSUER, unit, NOBODY, code)


def available(owner: UUID, unit: str = "A") -> Place:
    return Place(AccountKind.AVAILABLE, unit, owner)


def a_move(owner: UUID | None = None, amount: str = "2", *, unit: str = "A", lot: UUID | None = None) -> Move:
    """From an issuer to somebody's available account."""
    return Move(issuer(unit=unit), available(owner or uuid4(), unit), Decimal(amount), lot or uuid4())


def give(owner: UUID, amount: str = "6", *, unit: str = "A", lot: UUID | None = None, on: date = ON) -> UUID:
    """Deposited and confirmed credit; the value is its lot."""
    credit_system(unit)
    lot = lot or uuid4()
    deposit(record=lot, owner=owner, issuer="SCHOOL", unit=unit, amount=Decimal(amount), on=on)
    verify(record=lot, owner=owner, unit=unit, amount=Decimal(amount), on=on)
    return lot
