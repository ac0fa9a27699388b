"""Starting, reporting and ending long work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F

from foundation.jobs.enums import JobState
from foundation.jobs.models import Job


def start_job(name: str, *, total: int, owner: Any = None) -> Job:
    """A job that runs from now on."""
    return Job.objects.create(name=name, total=total, owner_uuid=getattr(owner, "uuid", None), state=JobState.RUNNING)


def expect_total(job: Job, *, total: int) -> None:
    """Say how much there is to do, once that is known; what was done of it already stays."""
    Job.objects.filter(pk=job.pk).update(total=total, done=min(job.done, total))


def report_progress(job: Job, *, done: int, message: str = "") -> None:
    """Say how far the work is; never beyond its total."""
    Job.objects.filter(pk=job.pk).update(done=min(done, job.total), message=message[:500])


def finish_job(job: Job, *, at: datetime, failed: str = "") -> None:
    """The end of the work, good or bad."""
    state = JobState.FAILED if failed else JobState.DONE
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=at, message=failed[:500], done=F("done") if failed else F("total"))
