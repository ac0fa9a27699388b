"""Writing quizzes without Wagtail's forms: imports and the demo's loader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from cms.assessment.models import Question, Quiz
from cms.library.enums import ResourceKind
from cms.library.models import Resource
from foundation.api import record_audit_entry
from identity.api import Institution


@dataclass(frozen=True)
class QuestionFacts:
    """A question as a caller writes it: choices one a line with an asterisk before the right ones, or an answer."""

    kind: str
    prompt: str
    choices: str = ""
    answer: str = ""
    tolerance: Decimal = Decimal(0)
    feedback: str = ""
    points: Decimal = Decimal(1)
    uuid: UUID | None = None


@transaction.atomic
def create_quiz(
    institution: Institution,
    *,
    title_zh: str,
    questions: Sequence[QuestionFacts],
    actor: Any,
    title_en: str = "",
    pass_mark: Decimal = Decimal(60),
    uuid: UUID | None = None,
) -> Quiz:
    """A quiz with its questions, owned by an institution. Raises ValidationError for a question that cannot be answered rightly."""
    resource = Resource.objects.create(kind=ResourceKind.QUIZ, institution=institution, title_zh=title_zh, title_en=title_en)
    quiz = Quiz(resource=resource, title_zh=title_zh, title_en=title_en, pass_mark=pass_mark, uuid=uuid or uuid4())
    rows = [_question(facts, number) for number, facts in enumerate(questions)]
    for row in rows:
        row.clean()
    quiz.questions = rows
    quiz.save()
    record_audit_entry("assessment.create_quiz", actor=actor, about=quiz, data={"questions": len(rows)})
    return quiz


def _question(facts: QuestionFacts, number: int) -> Question:
    return Question(
        uuid=facts.uuid or uuid4(), kind=facts.kind, prompt=facts.prompt, choices=facts.choices, answer=facts.answer,
        tolerance=facts.tolerance, feedback=facts.feedback, points=facts.points, sort_order=number,
    )  # fmt: skip
