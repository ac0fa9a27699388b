"""An institution that uploads results, for the tests of this part."""

from __future__ import annotations

from django.utils import timezone

from creditbank.results.actions import release_batch, submit_batch, upload_results
from creditbank.results.models import ResultBatch
from identity.api import Role, User
from tests.factories.creditbank import make_bank
from tests.factories.identity import person_as

HEADINGS = "学习者,姓名,成绩编号,成果代码,取得日期,成绩,学分\n"


class School:
    """The institution whose outcomes the bank knows, with an officer and a reviewer of its own, and learners (three, numbered from 0)."""

    def __init__(self, learners: int = 3, first: int = 0) -> None:
        self.bank = make_bank()
        self.home = self.bank.source
        self.officer, self.reviewer = person_as(Role.CREDIT_OFFICER, self.home), person_as(Role.REVIEWER, self.home)
        self.first = first
        self.code = self.bank.outcomes[0].code
        self.learners = User.objects.bulk_create(
            [User(name=f"学生{n}", phone=f"+861380000{n:04d}", password="!") for n in range(first, first + learners)]
        )

    def line(self, n: int, **changes: str) -> str:
        said = {
            "learner": f"1380000{n:04d}", "name": f"学生{n}", "id": f"S-{n}", "outcome": self.code, "on": "2026-06-30", "score": "86", "credits": "4",
        } | changes  # fmt: skip
        return ",".join(said.values())

    def file(self, *lines: str) -> bytes:
        """One good row for each learner, or these lines."""
        return (HEADINGS + "\n".join(lines or [self.line(n) for n in range(self.first, self.first + len(self.learners))]) + "\n").encode()

    def upload(self, *lines: str, actor: User | None = None) -> ResultBatch:
        batch = upload_results(self.home, content=self.file(*lines), filename="三班.csv", actor=actor or self.officer, at=timezone.now())
        batch.refresh_from_db()
        return batch

    def submitted(self, *lines: str) -> ResultBatch:
        return submit_batch(self.upload(*lines), actor=self.officer, at=timezone.now())

    def released(self, *lines: str) -> ResultBatch:
        batch = self.submitted(*lines)
        release_batch(batch, actor=self.reviewer, at=timezone.now())
        batch.refresh_from_db()
        return batch
