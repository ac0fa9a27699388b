"""A quiz as it is kept in a course version, and what of it a page may show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cms.assessment.enums import QuestionKind
from cms.assessment.models import Question, Quiz
from cms.assessment.types import QuestionContent, QuizContent
from cms.library.content import blocks_in
from cms.library.models import CourseVersion
from cms.library.registries import register_block_snapshot

KEPT_BY_THE_SERVER = ("key", "tolerance", "feedback")


def snapshot_quiz(quiz: Quiz) -> dict[str, Any]:
    """Everything of a quiz, keys included."""
    questions = [_snapshot_question(question) for question in quiz.questions.all()]
    return {"uuid": str(quiz.uuid), "title": str(quiz.title_zh), "pass_mark": str(quiz.pass_mark), "questions": questions}


def _snapshot_question(question: Question) -> dict[str, Any]:
    rows = question.choice_rows()
    if question.kind in {QuestionKind.SINGLE, QuestionKind.MULTIPLE}:
        key = [ident for ident, _text, right in rows if right]
    else:
        key = [part.strip() for part in question.answer.split("|")]
    return {
        "id": str(question.uuid),
        "kind": question.kind,
        "prompt": question.prompt,
        "choices": [[ident, text] for ident, text, _right in rows],
        "key": key,
        "tolerance": str(question.tolerance),
        "feedback": question.feedback,
        "points": str(question.points),
    }


def without_keys(snapshot: dict[str, Any]) -> dict[str, Any]:
    """What a learner's page may see before answering."""
    questions = [{name: value for name, value in question.items() if name not in KEPT_BY_THE_SERVER} for question in snapshot["questions"]]
    return {**snapshot, "questions": questions}


def quiz_of(version: CourseVersion, block_id: str) -> QuizContent | None:
    """The quiz of a block with its keys, for scoring on the server; None where the block is no quiz of this version."""
    for block in blocks_in(version.manifest):
        if block["id"] == block_id and block["type"] == "quiz":
            return quiz_from(block["value"])
    return None


def quiz_from(snapshot: dict[str, Any]) -> QuizContent:
    """A stored snapshot as data with exact numbers."""
    questions = tuple(
        QuestionContent(
            id=item["id"], kind=item["kind"], prompt=item["prompt"], choices=tuple((ident, text) for ident, text in item["choices"]),
            key=tuple(item["key"]), tolerance=Decimal(item["tolerance"]), feedback=item["feedback"], points=Decimal(item["points"]),
        )
        for item in snapshot["questions"]
    )  # fmt: skip
    return QuizContent(uuid=snapshot["uuid"], title=snapshot["title"], pass_mark=Decimal(snapshot["pass_mark"]), questions=questions)


register_block_snapshot("quiz", snapshot_quiz, without_keys)
