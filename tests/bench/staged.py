"""What the demo has none of and some page is about: made in the clone before its pages are measured, by the product's own actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

ROW = "outcome,owner,title_zh,credits,system\nJLOU:BENCH,JLOU,基准课程,2,A\n"


def stage(people: dict[str, Any], say: Callable[[str], object]) -> None:
    """Make each thing; one that cannot be made is told, and its page is not measured."""
    for make in _things(people):
        try:
            make()
        except Exception as error:  # noqa: BLE001  the others are to be measured all the same
            say(f"bank: could not be made: {type(error).__name__}: {error}")


def _things(people: dict[str, Any]) -> Iterator[Callable[[], Any]]:
    """A drawn spot check, a merger, a file for the catalogue, evidence in an archive, two people's own data, a wish to be erased."""
    from django.utils import timezone

    from creditbank.api import NewDraw, bring_catalogue, draw_spot_checks, propose_merger
    from identity.api import Institution, User, ask_for_data, ask_for_erasure, put_together
    from learning.api import LearningRecord, attach_evidence

    now, today = timezone.now(), timezone.localdate()
    place = Institution.objects.get(code="JLOU")
    officer, learner = people["officer"], people["learner"]
    others = [User.objects.get(email=f"resident{number:06d}@bench.example") for number in (22, 23, 24)]
    draw = NewDraw(seed="bench", since=today - timedelta(days=365), until=today, wanted=20)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    file = {"content": b"%PDF-1.7\n%%EOF", "filename": "bench.pdf", "media_type": "application/pdf"}
    yield lambda: draw_spot_checks(place, draw, actor=officer, at=now)
    yield lambda: propose_merger(place, source=others[0], destination=others[1], actor=officer, at=now, reason="同一人")
    yield lambda: bring_catalogue(place, filename="outcomes.csv", content=ROW.encode(), actor=officer, at=now)
    yield lambda: attach_evidence(record, **file, actor=learner, at=now)
    yield lambda: ask_for_erasure(others[2], reason="", at=now)
    for who in ("learner", "resident"):
        yield lambda who=who: put_together(ask_for_data(people[who], at=now), at=now)  # type: ignore[misc]
