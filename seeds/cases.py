"""Applications of the city in every state, each told as steps that people take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.utils import timezone

from creditbank.api import (
    Application,
    Certificate,
    LineDecision,
    Programme,
    accept_decision,
    add_evidence,
    agree_to_correction,
    answer_withdrawal,
    cast_vote,
    claim_application,
    clean_file,
    confirm_decision,
    decide_appeal,
    decide_application,
    decide_automatically,
    evidence_for,
    issue_certificate,
    propose,
    propose_reversal,
    record_expert_standing,
    request_information,
    request_withdrawal,
    revoke_certificate,
    save_choice,
    start_application,
    submit_appeal,
    submit_application,
    take_appeal,
    withdraw_application,
)
from identity.api import User
from learning.api import LearningRecord, RecordSource
from seeds.catalogue import rule_rows
from seeds.city import City
from seeds.clock import standing_at
from seeds.desks import Desk, desk_of
from seeds.papers import scanned_record
from seeds.timeline import Event


@dataclass
class Going:
    """A case on its way, and the people at its desk."""

    city: City
    application: Application
    desk: Desk

    @property
    def learner(self) -> User:
        return self.application.learner

    def lines(self, *decisions: LineDecision) -> dict[int, LineDecision]:
        """The first lines by what is given, all others as the last of it."""
        rows = list(self.application.lines.order_by("position"))
        return {row.position: decisions[min(number, len(decisions) - 1)] for number, row in enumerate(rows)}


def _submit(case: Going, at: datetime) -> None:
    hand_in_evidence(case.application, at)
    case.application = submit_application(case.application, actor=case.learner, at=at)


def _claim(case: Going, at: datetime) -> None:
    case.application = claim_application(case.application, actor=case.desk.officer, at=at)


def _ask(case: Going, at: datetime) -> None:
    text = "请补充成绩证明的清晰照片，能看到印章和取得日期。"
    case.application = request_information(case.application, actor=case.desk.officer, at=at, text=text)


def _propose(case: Going, at: datetime) -> None:
    _decide(case, at, case.lines(LineDecision("accept")), "")


def _propose_less(case: Going, at: datetime) -> None:
    less = LineDecision("change", amount=Decimal("1.0"), reason="overlap", note="与已修课程部分重合。")
    _decide(case, at, case.lines(less, LineDecision("accept")), "其中一项内容与已修课程重合，按 1 学分认定。")


def _propose_no(case: Going, at: datetime) -> None:
    no = LineDecision("refuse", reason="content")
    _decide(case, at, case.lines(no), "材料显示的内容与课程要求不符，欢迎补充后再申请。")


def _decide(case: Going, at: datetime, decisions: dict[int, LineDecision], message: str) -> None:
    case.application = decide_application(case.application, decisions=decisions, actor=case.desk.officer, at=at, message=message)


def _confirm(case: Going, at: datetime) -> None:
    if case.application.state == "second_review":  # where one person decides, it is decided already
        case.application = confirm_decision(case.application, actor=case.desk.reviewer, at=at)


def _accept(case: Going, at: datetime) -> None:
    case.application = accept_decision(case.application, actor=case.learner, at=at)


def _withdraw(case: Going, at: datetime) -> None:
    case.application = withdraw_application(case.application, actor=case.learner, at=at)


def _ask_back(case: Going, at: datetime) -> None:
    case.application = request_withdrawal(case.application, actor=case.learner, at=at, reason="报错了专业，想改申请智慧健康养老。")


def _give_back(case: Going, at: datetime) -> None:
    case.application = answer_withdrawal(case.application, grant=True, actor=case.desk.officer, at=at, note="已同意，占用的学分已退回。")


def _by_rule(case: Going, at: datetime) -> None:
    case.application = decide_automatically(case.application, at=at)


def _reverse(case: Going, at: datetime) -> None:
    reason = "复查发现同一证书此前已在外省认定，经双人核对后冲正。"
    correction = propose_reversal(case.application, actor=case.desk.officer, at=at, reason=reason)
    agree_to_correction(correction, actor=case.desk.reviewer, at=at + timedelta(hours=5))


def _appeal(case: Going, at: datetime) -> None:
    text = "成绩证明第二页列出了全部课时和成绩，审核意见里没有提到。请重新核对第二页。"
    submit_appeal(case.application, actor=case.learner, at=at, ground="evidence", text=text)


def _take_appeal(case: Going, at: datetime) -> None:
    take_appeal(case.application.appeals.get(), actor=case.city.named("ma"), at=at)


def _grant_appeal(case: Going, at: datetime) -> None:
    answer = "经核对，成绩与内容均符合规则，申诉成立。"
    decide_appeal(case.application.appeals.get(), result="granted", actor=case.city.named("ma"), at=at, answer=answer)


def _uphold_appeal(case: Going, at: datetime) -> None:
    answer = "已调阅课程大纲逐章比对，重合不足一半，维持原决定。补充进修后可再次申请。"
    decide_appeal(case.application.appeals.get(), result="upheld", actor=case.city.named("ma"), at=at, answer=answer)


def _first_votes(case: Going, at: datetime) -> None:
    """Two of the four votes after the officer's own; the expert for the last seat has said since when he practises."""
    place = case.application.institution
    record_expert_standing(case.city.named("luo"), place, field="应急管理", since=date(2014, 9, 1), actor=case.desk.officer, at=at)
    for key, note in (("he", "新标准的学时核算合理。"), ("ma", "同意。")):
        cast_vote(case.application, "approve", actor=case.city.named(key), at=at, note=note)


def _fetch_certificate(case: Going, at: datetime) -> None:
    issue_certificate(case.application, actor=case.learner, at=at)


def _renew_certificate(case: Going, at: datetime) -> None:
    """Taken back by the second person for a wrong name, and issued anew by the officer."""
    wrong = Certificate.objects.get(application=case.application)
    revoke_certificate(wrong, actor=case.desk.reviewer, at=at, reason="姓名登记有误，已更正。")
    issue_certificate(case.application, actor=case.desk.officer, at=at + timedelta(hours=1))


Step = tuple[Callable[[Going, datetime], None], float]
TAKEN: tuple[Step, ...] = ((_submit, 0), (_claim, 0.2))
AGREED: tuple[Step, ...] = (*TAKEN, (_propose, 1), (_confirm, 2))
CREDITED: tuple[Step, ...] = (*AGREED, (_fetch_certificate, 3))
REFUSED: tuple[Step, ...] = (*TAKEN, (_propose_no, 1), (_confirm, 2))
STORIES: dict[str, tuple[Step, ...]] = {
    "draft": (),
    "submitted": ((_submit, 0),),
    "checking": TAKEN,
    "information_requested": (*TAKEN, (_ask, 1)),
    "second_review": (*TAKEN, (_propose, 1)),
    "decided": (*TAKEN, (_propose_less, 1), (_confirm, 2)),
    "accepted": (*TAKEN, (_propose_less, 1), (_confirm, 2), (_accept, 6), (_fetch_certificate, 6.1)),
    "posted": CREDITED,
    "renewed": (*CREDITED, (_renew_certificate, 30)),
    "credited": AGREED,
    "panel": (*TAKEN, (_propose, 1), (_first_votes, 3)),
    "by_rule": ((_submit, 0), (_by_rule, 0.1), (_fetch_certificate, 1)),
    "refused": REFUSED,
    "withdrawn": ((_submit, 0), (_withdraw, 0.0005)),
    "withdrawal_requested": (*TAKEN, (_ask_back, 2)),
    "withdrawal_granted": (*TAKEN, (_ask_back, 2), (_give_back, 3)),
    "reversed": (*AGREED, (_reverse, 40)),
    "appealed": (*REFUSED, (_appeal, 35), (_take_appeal, 40)),
    "appeal_granted": (*REFUSED, (_appeal, 8), (_grant_appeal, 17)),
    "appeal_upheld": (*REFUSED, (_appeal, 12), (_uphold_appeal, 20)),
}
"""What happens in a case, each step with its day after the beginning."""


@dataclass(frozen=True)
class Case:
    """An application to come: how many days ago, to which programme, how it ends, whose it is (empty: the next whose archive counts, and
    who holds a certain outcome if one is named), and of which outcomes (empty: everything known on that day)."""

    days_ago: int
    programme: str
    story: str
    who: str = ""
    only: tuple[str, ...] = ()
    holding: str = ""


CASES = (
    Case(400, "NUR-A-2026", "posted", "lin", ("JLHV:NUR101", "JLHV:NUR102")), Case(190, "CARE-A-2026", "renewed"), Case(165, "CITY-C-2026", "posted", "du"),
    Case(150, "CARE3-V-2026", "posted"), Case(130, "NUR-A-2026", "reversed"), Case(120, "NUR-A-2026", "accepted"), Case(100, "CARE-A-2026", "information_requested"),
    Case(88, "CITY-C-2026", "posted"), Case(80, "SOFT-V-2026", "posted"), Case(74, "NUR-A-2026", "withdrawal_granted"), Case(60, "NUR-A-2026", "appealed"),
    Case(58, "NUR-A-2026", "appeal_granted"), Case(55, "ART-C-2026", "by_rule"), Case(52, "CARE-A-2026", "appeal_upheld"), Case(45, "ART-C-2026", "by_rule", "wang"),
    Case(36, "NUR-A-2026", "posted"), Case(34, "CARE-A-2026", "credited"), Case(30, "SOFT-V-2026", "refused"), Case(27, "NUR-A-2026", "second_review"),
    Case(24, "SOFT-V-2026", "decided", "chen", ("JLSV:OFF101", "JLSV:WEB101")), Case(22, "NUR-A-2026", "refused"), Case(18, "NUR-A-2026", "decided"), Case(16, "CARE3-V-2026", "checking"),
    Case(13, "CARE-A-2026", "information_requested"), Case(11, "NUR-A-2026", "second_review"), Case(9, "NUR-A-2026", "withdrawal_requested"),
    Case(8, "SOFT-V-2026", "second_review"), Case(7, "NUR-A-2026", "checking"), Case(6, "SOFT-V-2026", "information_requested"), Case(6, "ADM-B-2026", "panel", holding="JLEM:AID101"),
    Case(5, "CITY-C-2026", "submitted"),
    Case(4, "NUR-A-2026", "withdrawn"), Case(4, "CARE-A-2026", "submitted"), Case(3, "NUR-A-2026", "submitted", "lin"), Case(3, "SOFT-V-2026", "submitted"),
    Case(2, "NUR-A-2026", "submitted"), Case(2, "CARE-A-2026", "draft"), Case(2, "ART-C-2026", "draft", "du"),
)  # fmt: skip


def events(city: City) -> Iterator[Event]:
    """Every case as an event on its day."""
    for number, case in enumerate(CASES):
        begun = city.at(case.days_ago, hour=8) + timedelta(minutes=37 * number % 600)
        yield Event(begun, partial(take, city, case, begun))


def take(city: City, case: Case, begun: datetime) -> None:
    """Take one case through its story. Raises LookupError where no learner is left whose archive counts."""
    programme = Programme.objects.select_related("institution", "system").get(code=case.programme)
    learner = city.named(case.who) if case.who else _next_learner(programme, begun, case.holding)
    with standing_at(begun):
        application = start_application(programme, learner=learner, at=begun)
        chosen = [record.uuid for record in _known(learner, begun) if not case.only or record.outcome_code in case.only]
        if case.only or len(chosen) < LearningRecord.objects.filter(learner=learner).count():
            save_choice(application, records=chosen, at=begun)
    going = Going(city, Application.objects.get(pk=application.pk), desk_of(city, programme.institution))
    for step, days in STORIES[case.story]:
        at = begun + timedelta(days=days)
        with standing_at(at):
            step(going, at)


def _known(learner: User, at: datetime) -> list[LearningRecord]:
    """What stands in an archive on a day of the past."""
    records = LearningRecord.objects.filter(learner=learner, earned_on__lte=timezone.localdate(at)).order_by("id")
    return [record for record in records if record.source == RecordSource.RUN or record.recorded_at <= at]


def _next_learner(programme: Programme, at: datetime, holding: str) -> User:
    """The next learner without an application whose archive counts on a day."""
    taken, on = set(Application.objects.values_list("learner", flat=True)), timezone.localdate(at)
    wanted = [holding] if holding else sorted(_outcomes_of(programme.institution.code))
    rows = LearningRecord.objects.filter(outcome_code__in=wanted, earned_on__lte=on, learner__email__startswith="learner")
    for learner in User.objects.filter(pk__in=rows.exclude(learner__in=taken).values("learner")).order_by("email"):
        found = propose(learner, programme, on=on, only=[record.uuid for record in _known(learner, at)])
        if found.decision.allocation:
            return learner
    raise LookupError(f"no learner is left whose archive counts for {programme.code}")


def _outcomes_of(code: str) -> Iterator[str]:
    """Outcomes that the rules of an institution name."""
    for book in rule_rows()["books"]:
        if book["code"] == code:
            for rule in book["rules"]:
                yield from (leaf["outcome"] for leaf in rule["lhs"].get("all", [rule["lhs"]]) if "outcome" in leaf)


def hand_in_evidence(application: Application, at: datetime) -> None:
    """Photographs of the papers that the rules ask for and no school has confirmed."""
    learner = application.learner
    only = [UUID(ident) for ident in application.chosen] or None
    proposal = propose(learner, application.programme, on=timezone.localdate(at), only=only)
    for item in evidence_for(proposal, application):
        if not item.is_done:
            rows: Sequence[tuple[str, str]] = [
                ("Holder", f"Learner no. {learner.pk}"),
                ("Course", item.title_en or "Training"),
                ("Result", "passed"),
                ("Paper", f"No. {item.number}"),
            ]
            file = clean_file(scanned_record("TRAINING RECORD", rows), f"{item.item}.png")
            add_evidence(application, rule=item.rule, item=item.item, record=UUID(item.record), file=file, actor=learner, at=at)
