"""What a killed worker does: whole lives of applications, releases of results, signatures. Each step may be begun again by anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from creditbank.agreements.actions import draft_agreement, sign_agreement
from creditbank.agreements.exceptions import AlreadySigned, WrongStep
from creditbank.agreements.models import Agreement
from creditbank.agreements.texts import hash_of_text
from creditbank.api import (
    Application,
    ApplicationStep,
    LineDecision,
    Transaction,
    WrongState,
    accept_decision,
    balances,
    claim_application,
    confirm_decision,
    decide_application,
    find_faults,
    send_application,
)
from creditbank.results.actions import release_batch, resume_batches, submit_batch, upload_results
from creditbank.results.exceptions import WrongBatchState
from creditbank.results.models import ResultBatch
from foundation.api import AuditEntry, answer_once
from foundation.http.models import IdempotencyKey
from identity.api import InstitutionKind, Role, User
from learning.api import LearningRecord
from tests.creditbank.recognition.killing import Job
from tests.creditbank.recognition.telling import require_all_told
from tests.factories.creditbank import AT, LATER, Bank, make_bank, make_learner
from tests.factories.identity import InstitutionFactory, UserFactory, person_as

STEPS = ["submitted", "checking", "second_review", "decided", "accepted", "posted"]
ROWS = 12


@dataclass
class Town:
    """What the jobs are about, made before anybody is killed."""

    bank: Bank
    learners: list[User]
    batches: list[ResultBatch]
    agreements: list[Agreement]
    parties: list[tuple[Any, User]]
    releaser: User

    @property
    def jobs(self) -> list[Job]:
        """Applications, each third followed by a release and a signature."""
        found: list[Job] = []
        for number, learner in enumerate(self.learners):
            found.append(partial(apply, self, number, learner.pk))
            if number < len(self.batches):
                found.append(partial(release, self, self.batches[number].pk))
            if number < len(self.agreements):
                found.append(partial(sign, self, self.agreements[number].pk))
        return found


def make_town(*, applications: int, batches: int, agreements: int, first: int = 0) -> Town:
    """``first`` numbers what must have a number of its own where several towns are made."""
    bank = make_bank()
    uploader, releaser = person_as(Role.CREDIT_OFFICER, bank.source), person_as(Role.REVIEWER, bank.source)
    pupils = [UserFactory(name=f"学生{n}", phone=f"+8613{first:04d}{n:05d}") for n in range(ROWS)]
    places = [InstitutionFactory(kind=InstitutionKind.HIGHER) for _ in range(2)]
    parties = [(place, person_as(Role.CREDIT_OFFICER, place)) for place in places]
    return Town(
        bank=bank,
        learners=[make_learner(bank) for _ in range(applications)],
        batches=[_batch(bank, uploader, pupils, number) for number in range(first, first + batches)],
        agreements=[_agreement(parties, number) for number in range(first, first + agreements)],
        parties=parties,
        releaser=releaser,
    )


def _batch(bank: Bank, uploader: User, pupils: list[User], number: int) -> ResultBatch:
    lines = ["学习者,姓名,成绩编号,成果代码,取得日期,成绩,学分"]
    lines += [f"{pupil.phone[3:]},{pupil.name},B{number}-{at},{bank.outcomes[0].code},2026-06-30,86,4" for at, pupil in enumerate(pupils)]
    content = "\n".join(lines).encode()
    batch = upload_results(bank.source, content=content, filename=f"{number}.csv", actor=uploader, at=timezone.now())
    batch.refresh_from_db()
    return submit_batch(batch, actor=uploader, at=timezone.now())


def _agreement(parties: list[tuple[Any, User]], number: int) -> Agreement:
    return draft_agreement(
        code=f"K-{number}", kind="bilateral", parties=dict.fromkeys([place for place, _officer in parties], "both"), title_zh="互认协议",
        title_en="Agreement", text_zh="互认。", text_en="We recognise.", starts_on=date(2026, 3, 2), actor=parties[0][1], at=AT, by=parties[0][0],
    )  # fmt: skip


def apply(town: Town, number: int, learner: int) -> Iterator[str]:
    """Send with a key, claim, decide, confirm; every second result is less than proposed, so that the learner accepts."""
    person = User.objects.get(pk=learner)

    def work() -> tuple[int, Any]:
        return 201, {"reference": send_application(town.bank.programme, learner=person, at=AT, shown_hash="").reference}

    _status, told = answer_once(principal=str(person.uuid), endpoint="me/applications", key=f"key-{number}", body={"n": number}, work=work)
    reference = told["reference"]
    yield f"submitted {reference}"
    steps = {
        "checking": lambda case: claim_application(case, actor=town.bank.officer, at=AT),
        "second_review": lambda case: decide_application(case, decisions=_opinion(case, number), actor=town.bank.officer, at=AT),
        "decided": lambda case: confirm_decision(case, actor=town.bank.reviewer, at=LATER),
        "posted": lambda case: accept_decision(case, actor=person, at=LATER),
    }
    for state, step in steps.items():
        case = Application.objects.get(reference=reference)
        if STEPS.index(case.state) < STEPS.index(state):
            try:
                step(case)
            except WrongState:  # the other worker was quicker
                assert STEPS.index(Application.objects.get(pk=case.pk).state) >= STEPS.index(state)
        yield f"{state} {reference}"


def _opinion(case: Application, number: int) -> dict[int, LineDecision]:
    if number % 2:
        return {line.position: LineDecision("change", amount=line.proposed - Decimal("0.5"), reason="content") for line in case.lines.all()}
    return {line.position: LineDecision("accept") for line in case.lines.all()}


def release(town: Town, batch: int) -> Iterator[str]:
    """Release a file of results, and enter the rows of what anybody released, as the queue's worker would."""
    row = ResultBatch.objects.get(pk=batch)
    with suppress(WrongBatchState):
        release_batch(row, actor=town.releaser, at=timezone.now())
    resume_batches(at=timezone.now(), patience=timedelta(0))
    yield f"released {batch}"


def sign(town: Town, agreement: int) -> Iterator[str]:
    """Both parties, one after the other."""
    for place, officer in town.parties:
        row = Agreement.objects.get(pk=agreement)
        try:
            sign_agreement(row, institution=place, actor=officer, at=AT, shown_hash=hash_of_text(row))
        except (AlreadySigned, WrongStep):
            assert row.signatures.filter(institution=place).exists()
        yield f"signed {row.code} {place.code}"


def require_exactly_once(town: Town, acked: set[str]) -> None:
    """Everything acknowledged is there; everything that was ordered is there once, in ledger, log and audit; and the books balance."""
    cases = list(Application.objects.order_by("id"))
    assert len(cases) == len(town.learners) == IdempotencyKey.objects.count()
    assert {f"{state} {case.reference}" for case in cases for state in (*STEPS[:4], "posted")} <= acked
    for case in cases:
        assert list(ApplicationStep.objects.filter(application=case).order_by("id").values_list("to_state", flat=True)) == STEPS
        number = town.learners.index(case.learner)
        assert balances(case.learner.uuid)["A"].awarded == (Decimal(4) if number % 2 else Decimal(5))
    kinds = Counter(Transaction.objects.filter(application_uuid__isnull=False).values_list("type", flat=True))
    assert kinds == {"hold": len(cases), "convert": len(cases), "award": len(cases)}
    audited = Counter(AuditEntry.objects.filter(action__startswith="recognition.").values_list("action", flat=True))
    assert {audited[f"recognition.{step}"] for step in ("start", "submit", "claim", "decide", "confirm", "post")} == {len(cases)}, audited
    assert audited["recognition.accept"] == len(cases) // 2
    _require_releases(town)
    require_all_told(deposited=ROWS * len(town.batches))
    for agreement in Agreement.objects.filter(code__startswith="K-"):
        assert (agreement.status, agreement.signatures.count()) == ("active", 2)
    assert AuditEntry.objects.filter(action="agreements.sign").count() == 2 * len(town.agreements)
    assert find_faults() == []


def _require_releases(town: Town) -> None:
    rows = ROWS * len(town.batches)
    assert set(ResultBatch.objects.values_list("state", flat=True)) <= {"released"}
    entered = LearningRecord.objects.filter(external_id__startswith="B")
    assert (entered.count(), entered.values("external_id").distinct().count()) == (rows, rows)
    uuids = set(entered.values_list("uuid", flat=True))
    posted = Counter(Transaction.objects.filter(record_uuid__in=uuids).values_list("type", flat=True))
    assert posted == ({"deposit": rows, "verify": rows} if rows else {})
    assert AuditEntry.objects.filter(action="results.release").count() == len(town.batches)
