"""Scoring, as a pure function: the same quiz and the same answers give the same score for ever."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from fractions import Fraction

from cms.assessment.enums import QuestionKind
from cms.assessment.types import ItemScore, QuestionContent, QuizContent, QuizScore

LONGEST_ANSWER = 500


def score_quiz(quiz: QuizContent, answers: Mapping[str, Sequence[str]]) -> QuizScore:
    """Score an attempt.

    ``answers`` maps question ids to what was chosen or typed; a question without an answer earns nothing, answers to other questions are
    ignored. Several-answer questions give all points for exactly the right set; else each right choice counts and each wrong one takes as
    much away, never below nothing.
    """
    items = tuple(_score_item(question, [str(answer) for answer in answers.get(question.id, ())]) for question in quiz.questions)
    points = sum((item.points for item in items), Decimal(0))
    most = quiz.max_points()
    scaled = (points / most).quantize(Decimal("0.0001"), ROUND_DOWN) if most else Decimal(0)
    return QuizScore(points=points, max_points=most, scaled=scaled, items=items)


def _score_item(question: QuestionContent, given: list[str]) -> ItemScore:
    share = _SHARES[QuestionKind(question.kind)](question, given) if given else Fraction(0)
    exact = Fraction(question.points) * share  # a third of three points is one point, not 0.99
    points = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_DOWN)
    return ItemScore(question.id, points, question.points, correct=share == 1)


def _exactly_one(question: QuestionContent, given: list[str]) -> Fraction:
    return Fraction(len(given) == 1 and given[0] in question.key)


def _right_set(question: QuestionContent, given: list[str]) -> Fraction:
    chosen, key = set(given), set(question.key)
    if chosen == key:
        return Fraction(1)
    net = len(chosen & key) - len(chosen - key)
    return Fraction(max(net, 0), len(key)) if key else Fraction(0)


def _same_text(question: QuestionContent, given: list[str]) -> Fraction:
    return Fraction(_plain(given[0]) in {_plain(accepted) for accepted in question.key})


def _close_number(question: QuestionContent, given: list[str]) -> Fraction:
    try:
        value = Decimal(_plain(given[0]).replace("，", "").replace(",", ""))
        wanted = Decimal(question.key[0])
    except (InvalidOperation, IndexError):
        return Fraction(0)
    return Fraction(value.is_finite() and abs(value) < Decimal("1e30") and abs(value - wanted) <= question.tolerance)


def _plain(text: str) -> str:
    """Full width as half width, without blanks, case folded."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:LONGEST_ANSWER])).casefold()


_SHARES = {
    QuestionKind.SINGLE: _exactly_one,
    QuestionKind.TRUE_FALSE: _exactly_one,
    QuestionKind.MULTIPLE: _right_set,
    QuestionKind.TEXT: _same_text,
    QuestionKind.NUMERIC: _close_number,
}
