"""What a draft would change for everybody: starting the comparison, how far it is, and what it found."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.rules.messages import word
from creditbank.simulation.actions import start_simulation
from creditbank.simulation.enums import RunState
from creditbank.simulation.exceptions import NothingToCompareWith
from creditbank.simulation.models import SimulationRun
from creditbank.simulation.queries import report_of_run
from creditbank.simulation.report import Report
from creditbank.simulation.views.editor import of_book
from foundation.api import access
from identity.api import SignedInRequest

WIDEST = 240
"""The longest bar of a chart, in its own units."""
BAR, STEP = 16, 26
VERDICTS = ("gained", "lost", "changed", "unchanged", "unproved")


@of_book
@require_POST
def simulate(request: SignedInRequest, book: RuleBook, version: RuleBookVersion) -> HttpResponse:
    """Start comparing the newest version with the one in force."""
    try:
        started = start_simulation(version, actor=request.user, at=timezone.now())
    except NothingToCompareWith:
        messages.error(request, _("There is nothing to compare with: this version is the one in force, or no version is."))
        return redirect("creditbank:editor", book.code)
    return redirect("creditbank:simulation", started.uuid)


@login_required
@require_safe
def run(request: SignedInRequest, run_uuid: str) -> HttpResponse:
    """One comparison: its progress, then who gains and who loses, as figures, charts and tables."""
    row = _run(request, run_uuid)
    report = report_of_run(row)
    context: dict[str, Any] = {"run": row, "report": report, "is_working": row.state == RunState.RUNNING, "desk_nav": "rules"}
    if report is not None:
        context |= _shown(report)
    return render(request, "creditbank/simulation.html", context)


@login_required
@require_safe
def learners(request: SignedInRequest, run_uuid: str) -> FileResponse:
    """The row a learner, by pseudonym, as Parquet."""
    row = _run(request, run_uuid)
    if not row.learners:
        raise Http404
    answer = FileResponse(row.learners.open("rb"), as_attachment=True, filename=f"simulation-{row.uuid}.parquet")
    answer["Cache-Control"] = "no-store"
    return answer


def _run(request: SignedInRequest, run_uuid: str) -> SimulationRun:
    rows = SimulationRun.objects.select_related("job", "version__book__institution", "compared_with__book")
    found = access(rows, run_uuid, user=request.user, to="view")
    if not isinstance(found, SimulationRun):
        raise PermissionDenied
    return found


def _shown(report: Report) -> dict[str, Any]:
    """The report as the page draws it."""
    language = get_language() or "zh-hans"
    classes = {row.verdict: row for row in report.classes}
    counts = {verdict: classes[verdict].learners if verdict in classes else 0 for verdict in VERDICTS}
    most = max(counts.values(), default=0) or 1
    bars = [
        {"verdict": verdict, "learners": n, "width": max(1 if n else 0, n * WIDEST // most), "y": at * STEP, "text_y": at * STEP + BAR - 3}
        for at, (verdict, n) in enumerate(counts.items())
    ]
    dimensions: dict[str, list[Any]] = {}
    for group in report.groups:
        dimensions.setdefault(group.dimension, []).append(group)
    moved = [row for row in report.states if row.before != row.after]
    return {
        "counts": counts, "bars": bars, "bars_height": len(bars) * STEP, "net": report.after.total - report.before.total,
        "classes": [classes[verdict] for verdict in VERDICTS if verdict in classes], "dimensions": list(dimensions.items()),
        "rules": [row for row in report.rules if row.before != row.after or row.credits_before != row.credits_after][:50],
        "states": [{"before": word(row.before, language), "after": word(row.after, language), "records": row.records} for row in moved[:30]],
        "examples": [(verdict, rows) for verdict, rows in report.examples if rows and verdict in {"lost", "gained", "changed"}],
    }  # fmt: skip
