"""Quizzes as plain data: with keys for the server, without keys for pages, and what scoring says."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class QuestionContent:
    """A question with its key, as kept in a course version. ``key`` holds choice ids, accepted texts, or one number."""

    id: str
    kind: str
    prompt: str
    choices: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    tolerance: Decimal
    feedback: str
    points: Decimal


@dataclass(frozen=True)
class QuizContent:
    """A quiz with keys; never leaves the server."""

    uuid: str
    title: str
    pass_mark: Decimal
    questions: tuple[QuestionContent, ...]

    def max_points(self) -> Decimal:
        return sum((question.points for question in self.questions), Decimal(0))


@dataclass(frozen=True)
class ItemScore:
    """What one answer earned."""

    question_id: str
    points: Decimal
    max_points: Decimal
    correct: bool


@dataclass(frozen=True)
class QuizScore:
    """What an attempt earned; ``scaled`` lies between 0 and 1, with four decimals."""

    points: Decimal
    max_points: Decimal
    scaled: Decimal
    items: tuple[ItemScore, ...]

    def percent(self) -> Decimal:
        return (self.scaled * 100).quantize(Decimal("0.1"))
