"""What is argued about in the city: appeals, exceptions for one learner, and a case that five people decide."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.api import (
    Appeal,
    Application,
    LineDecision,
    NewException,
    Programme,
    answer_exception,
    cast_vote,
    claim_application,
    decide_appeal,
    decide_application,
    propose_exception,
    record_expert_standing,
    start_application,
    submit_appeal,
    submit_application,
    take_appeal,
)
from learning.api import LearningRecord
from seeds.city import City
from seeds.life import hand_in_evidence, take_to_an_end

FIRST_LEARNER = 100
"""Learners before this one have applied already (``seeds.life``)."""
DAYS_LEFT = 5


def argue(city: City) -> None:
    """An appeal with five days left, one that was granted, exceptions, and a panel of five half way."""
    if Appeal.objects.exists():
        return
    nursing = Programme.objects.get(code="NUR-A-2026")
    waiting, won = _refused(city, nursing, days_ago=60), _refused(city, nursing, days_ago=58)
    appeal = submit_appeal(
        waiting, actor=waiting.learner, at=city.at(30 - DAYS_LEFT), ground="evidence",
        text="成绩证明第二页列出了全部课时和成绩，审核意见里没有提到。请重新核对第二页。",
    )  # fmt: skip
    take_appeal(appeal, actor=city.named("ma"), at=city.at(20))
    appeal = submit_appeal(
        won, actor=won.learner, at=city.at(50), ground="rule", text="规则要求 75 分，我的成绩达到要求，内容也与教学大纲一致。"
    )
    decide_appeal(appeal, result="granted", actor=city.named("ma"), at=city.at(41), answer="经核对，成绩与内容均符合规则，申诉成立。")
    _except(city, waiting, nursing)
    _five(city)


def _refused(city: City, programme: Programme, *, days_ago: int) -> Application:
    """The next learner whose archive counts, refused."""
    taken = set(Application.objects.values_list("learner", flat=True))
    for learner in city.learners[FIRST_LEARNER:]:
        if learner.pk not in taken and take_to_an_end(city, programme, learner, "refused", days_ago=days_ago):
            return Application.objects.get(learner=learner)
    raise LookupError("no learner is left whose archive counts")


def _except(city: City, case: Application, programme: Programme) -> None:
    """One exception that holds, and one that waits for a second person."""
    until = city.today + timedelta(days=180)
    waiver = NewException(kind="waive", path="4", reason="在职护理员，已有三年同岗位实践，免修实践环节。", expires_on=until)
    row = propose_exception(case.learner, programme, waiver, actor=city.named("zhou"), at=city.at(12))
    answer_exception(row, approve=True, actor=city.named("he"), at=city.at(11), note="材料齐全，同意。")
    other = NewException(kind="value", path="1", value="10", reason="原专业公共基础课学时较少，按转入前培养方案折减。", expires_on=until)
    propose_exception(case.learner, programme, other, actor=city.named("zhou"), at=city.at(2))


def _five(city: City) -> None:
    """A case under a new standard: the first officer's opinion and two votes are given, two more are to come."""
    programme = Programme.objects.get(code="ADM-B-2026")
    taken = Application.objects.values("learner")
    known = LearningRecord.objects.filter(outcome_code="JLEM:AID101", score__gte=60, learner__email__startswith="learner").exclude(
        learner__in=taken
    )
    learner = known.order_by("learner__email")[0].learner
    record_expert_standing(
        city.named("luo"), programme.institution, field="应急管理", since=date(2014, 9, 1), actor=city.named("zhou"), at=city.at(200)
    )
    application = start_application(programme, learner=learner, at=city.at(6))
    hand_in_evidence(application, city.at(6))
    application = submit_application(application, actor=learner, at=city.at(6))
    application = claim_application(application, actor=city.named("zhou"), at=city.at(5))
    decisions = {line.position: LineDecision("accept") for line in application.lines.all()}
    application = decide_application(application, decisions=decisions, actor=city.named("zhou"), at=city.at(4))
    for key, note in (("he", "新标准的学时核算合理。"), ("ma", "同意。")):
        cast_vote(application, "approve", actor=city.named(key), at=city.at(3), note=note)
