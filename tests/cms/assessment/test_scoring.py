"""Scoring on the server: worked examples of every kind of question, and keys that never leave it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cms.api import CourseVersion, QuestionFacts, create_quiz, score_quiz
from cms.assessment.snapshots import KEPT_BY_THE_SERVER, quiz_from, snapshot_quiz, without_keys
from cms.library.actions import set_body
from cms.library.actions.versions import publish_version
from tests.factories.cms import course, school

pytestmark = pytest.mark.django_db


def _quiz(*facts: QuestionFacts):
    made = create_quiz(school().institution, title_zh="小测", questions=list(facts), actor=None)
    return quiz_from(snapshot_quiz(made))


def _score(quiz, *given: list[str]):
    return score_quiz(quiz, {question.id: answers for question, answers in zip(quiz.questions, given, strict=True)})


SINGLE = QuestionFacts(kind="single", prompt="先做什么？", choices="*洗手\n戴手套\n量血压")
MULTIPLE = QuestionFacts(kind="multiple", prompt="三查包括？", choices="*操作前\n*操作中\n*操作后\n下班后", points=Decimal(3))
NUMBER = QuestionFacts(kind="numeric", prompt="每分钟几滴？", answer="33.3", tolerance=Decimal("0.5"))
TEXT = QuestionFacts(kind="text", prompt="CPR 的全名？", answer="心肺复苏|心肺复苏术")
TRUTH = QuestionFacts(kind="true_false", prompt="手套可以代替洗手。", answer="false")


@pytest.mark.parametrize(
    ("facts", "given", "points"),
    [
        (SINGLE, ["a"], "1.00"), (SINGLE, ["b"], "0.00"), (SINGLE, ["a", "b"], "0.00"), (SINGLE, [], "0.00"),
        (MULTIPLE, ["a", "b", "c"], "3.00"), (MULTIPLE, ["a", "b"], "2.00"), (MULTIPLE, ["a", "b", "d"], "1.00"),
        (MULTIPLE, ["a", "b", "c", "d"], "2.00"), (MULTIPLE, ["d"], "0.00"), (MULTIPLE, ["a", "a"], "1.00"),
        (NUMBER, ["33.3"], "1.00"), (NUMBER, ["33.8"], "1.00"), (NUMBER, ["33.81"], "0.00"), (NUMBER, ["３３．３"], "1.00"),
        (NUMBER, ["三十三"], "0.00"), (NUMBER, ["NaN"], "0.00"), (NUMBER, ["1e999999"], "0.00"), (NUMBER, [""], "0.00"),
        (TEXT, ["心肺复苏"], "1.00"), (TEXT, [" 心 肺复苏术 "], "1.00"), (TEXT, ["心肺"], "0.00"), (TEXT, ["x" * 100_000], "0.00"),
        (TRUTH, ["false"], "1.00"), (TRUTH, ["true"], "0.00"), (TRUTH, ["FALSE; DROP"], "0.00"),
    ],
)  # fmt: skip
def test_points_are_exactly_these(facts, given, points):
    assert _score(_quiz(facts), given).points == Decimal(points)


def test_a_score_is_the_share_of_all_points_cut_at_four_places():
    score = _score(_quiz(SINGLE, MULTIPLE, NUMBER), ["a"], ["a", "b"], ["9"])

    assert (score.points, score.max_points, score.scaled) == (Decimal("3.00"), Decimal(5), Decimal("0.6000"))
    assert [item.correct for item in score.items] == [True, False, False]
    assert _score(_quiz(SINGLE, SINGLE, SINGLE), ["a"], ["a"], ["b"]).scaled == Decimal("0.6666")


def test_an_answer_to_a_question_of_another_quiz_counts_for_nothing():
    quiz = _quiz(SINGLE)

    assert score_quiz(quiz, {"not-here": ["a"]}).points == Decimal(0)


def test_what_leaves_the_server_has_no_keys_and_no_feedback():
    made = create_quiz(school().institution, title_zh="小测", actor=None, questions=[
        QuestionFacts(kind="single", prompt="先做什么？", choices="*洗手\n戴手套", feedback="先洗手。"), TEXT, NUMBER])  # fmt: skip
    shown = str(without_keys(snapshot_quiz(made)))

    assert "先做什么" in shown
    for secret in ("先洗手。", "心肺复苏", "33.3", *(f"'{name}'" for name in KEPT_BY_THE_SERVER)):
        assert secret not in shown


def test_no_page_and_no_api_answer_shows_a_key_before_the_attempt(client):
    place = school()
    made = create_quiz(place.institution, title_zh="小测", actor=None, questions=[
        QuestionFacts(kind="text", prompt="口令是什么？", answer="芝麻开门", feedback="出自天方夜谭")])  # fmt: skip
    row = course(place, code="AAA-Q1", live=False)
    unit = {"type": "item", "id": "unit-0", "value": {"title": "考", "minutes": 5, "required": True, "sample": True,
            "content": [{"type": "quiz", "id": "quiz-0", "value": made.pk}]}}  # fmt: skip
    row = set_body(row, sections=[{"type": "section", "id": "s", "value": {"title": "一", "summary": "", "units": [unit]}}], actor=None)
    type(row).objects.filter(pk=row.pk).update(review_state="live")
    version = publish_version(type(row).objects.get(pk=row.pk), actor=None)

    assert "芝麻开门" in str(CourseVersion.objects.get(pk=version.pk).manifest)  # the server's own copy
    for address in (row.url, f"/api/v1/courses/{row.uuid}", "/courses/?q=口令", "/api/v1/courses?q=芝麻开门"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "出自天方夜谭" not in answer.content.decode()
        assert "芝麻开门" not in answer.content.decode().replace('value="芝麻开门"', "")
