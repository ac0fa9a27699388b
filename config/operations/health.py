"""How the service is doing, for operators and auditors: a page over all apps, so it stands in config."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from creditbank.api import is_frozen
from foundation.api import DeletionPermit, LogCheck, newest_head
from identity.api import Role, SignedInRequest
from learning.api import failing_forwards, living_operator_keys

LATE_TASK = timedelta(minutes=10)
LEAST_FREE = 2 * 1024**3


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what it is, whether it is well, and the figure that says so."""

    name: str
    ok: bool
    found: str


@login_required
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """What runs, what waits and who holds an operator's key."""
    if not cast("SignedInRequest", request).user.acts_as(Role.OPERATOR, Role.AUDITOR):
        raise PermissionDenied(_("The state of the service is shown to operators and auditors."))
    now = timezone.now()
    context = {
        "ops_nav": "health",
        "checks": list(checks(now)),
        "operator_keys": living_operator_keys(now),
        "forwards": failing_forwards(),
        "now": now,
    }
    return render(request, "config/health.html", context)


def checks(now: datetime) -> Iterator[Check]:
    """Everything that is looked at, in the order in which it is shown."""
    yield Check(_("Database"), ok=True, found=connection.vendor)  # the session was read from it to get here
    yield _migrations()
    yield _cache()
    yield _tasks(now)
    free = shutil.disk_usage(settings.VAR).free
    yield Check(_("Free disk space"), free > LEAST_FREE, _("%(number)s GB") % {"number": localize(round(free / 1024**3, 1))})
    frozen = is_frozen()
    yield Check(_("Posting in the ledger"), not frozen, _("stopped: the books were found wrong") if frozen else _("open"))
    yield _log()
    permits = DeletionPermit.objects.count()
    yield Check(_("Permits to delete kept rows"), permits == 0, localize(permits))


def _log() -> Check:
    """A log that was never checked is not wrong; one in which something was found is."""
    last, head = LogCheck.objects.order_by("-pk").first(), newest_head()
    if last is not None and last.fault_count:
        return Check(_("Log of history"), ok=False, found=_("not what was sealed"))
    if head is None:
        return Check(_("Log of history"), ok=True, found=_("nothing is sealed yet"))
    found = _("sealed until %(moment)s") % {"moment": f"{timezone.localtime(head.made_at):%Y-%m-%d %H:%M}"}
    return Check(_("Log of history"), ok=True, found=found)


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return Check(_("Migrations not yet applied"), pending == 0, localize(pending))


def _cache() -> Check:
    cache.set("health", "seen", 10)
    works = cache.get("health") == "seen"
    return Check(_("Shared cache"), works, _("it answers") if works else _("it does not answer"))


def _tasks(now: datetime) -> Check:
    oldest = DBTaskResult.objects.filter(status=TaskResultStatus.READY).aggregate(oldest=Min("enqueued_at"))["oldest"]
    if oldest is None:
        return Check(_("Oldest waiting task"), ok=True, found=_("none waits"))
    return Check(_("Oldest waiting task"), now - oldest < LATE_TASK, timesince(oldest, now))
