"""What must be there for whatever a worker at the desk acknowledged: the step, its entry in the audit log, the notice, the e-mail in the queue."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from django.db import InterfaceError, OperationalError, connections
from django_tasks_db.models import DBTaskResult

from creditbank.api import Application, ApplicationStep
from creditbank.ledger.invariants import one_moment
from foundation.api import AuditEntry, Notice
from tests.creditbank.recognition.killing import PATIENCE

CODES = {"submitted": "submitted", "checking": "checking", "second_review": "second_review", "decided": "decided", "posted": "posted"}
"""Which notice a learner gets of which step; a decision exactly as proposed goes on to the award, of which alone the learner is told."""
NOT_MAILED = "ledger.deposited"
BEFORE = "agreements.draft"
"""Was said, and sent, when the town was made."""


def require_kept(acked: Iterable[str]) -> None:
    """Asked at any moment, right after a kill: nothing that was acknowledged until then is missing anywhere. Leaves no connection open."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with one_moment():
                _require_kept(acked)
        except (OperationalError, InterfaceError):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return
        finally:
            connections.close_all()


def _require_kept(acked: Iterable[str]) -> None:
    said = {tuple(word.split(" ")) for word in acked if word.split(" ")[0] in CODES}
    steps = set(ApplicationStep.objects.values_list("application__reference", "to_state"))
    assert {(reference, state) for state, reference in said} <= steps
    cases = {str(key): reference for key, reference in Application.objects.values_list("uuid", "reference")}
    audited = Counter(
        (cases[key], data["to"])
        for key, data in AuditEntry.objects.filter(action__startswith="recognition.", object_key__in=cases).values_list(
            "object_key", "data"
        )
        if "to" in data
    )
    wanted = Counter(steps)
    assert audited == wanted, f"steps without entry: {wanted - audited}; entries without step: {audited - wanted}"
    told = Counter((data["reference"], code.removeprefix("recognition.")) for code, data in _to_learners())
    assert set(told.values()) <= {1}
    assert {(reference, CODES[state]) for state, reference in said if state != "decided"} <= set(told)
    require_all_mailed()


def _to_learners() -> list[tuple[str, dict[str, str]]]:
    learners = Application.objects.values("learner__uuid")
    rows = Notice.objects.filter(code__startswith="recognition.", recipient_uuid__in=learners)
    return list(rows.values_list("code", "data"))


def require_all_mailed() -> None:
    """Every notice that goes out by e-mail waits in the queue, once; and nothing waits there that was never said."""
    notices = sorted(Notice.objects.exclude(code__in=[NOT_MAILED, BEFORE]).values_list("pk", flat=True))
    rows = DBTaskResult.objects.filter(task_path="foundation.notices.tasks.send_notice").values_list("args_kwargs", flat=True)
    assert sorted(row["kwargs"]["notice_id"] for row in rows) == notices


def require_all_told(deposited: int) -> None:
    """At the end: each learner heard of every step once, of the decision where there was something to accept; each pupil of the credit."""
    cases = list(Application.objects.select_related("learner"))
    told = Counter((data["reference"], code.removeprefix("recognition.")) for code, data in _to_learners())
    wanted = Counter((case.reference, code) for case in cases for code in CODES.values() if code != "decided" or case.verdict != "full")
    assert told == wanted
    assert Notice.objects.filter(code=NOT_MAILED).exclude(recipient_uuid__in=[case.learner.uuid for case in cases]).count() == deposited
    require_all_mailed()
