"""The writer insists on its caller's transaction."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from learning.api import Activity, Statement, StatementDraft, write_statement
from learning.xapi.actions import WriterOutsideTransactionError
from learning.xapi.profile import COMPLETED, COURSE


def test_nothing_is_written_outside_a_transaction(own_database, django_db_blocker):
    draft = StatementDraft(
        key=("one",),
        actor_uuid=uuid.uuid4(),
        verb=COMPLETED,
        activity=Activity("/id/course/1", COURSE),
        at=datetime(2026, 3, 2, tzinfo=UTC),
    )

    with django_db_blocker.unblock():
        with pytest.raises(WriterOutsideTransactionError):
            write_statement(draft)

        assert Statement.objects.count() == 0
