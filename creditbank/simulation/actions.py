"""Starting a simulation of a version, and working it in the background."""

from __future__ import annotations

import io
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base, version_in_force
from creditbank.recognition.evidence import evidence_names
from creditbank.rules.snapshot import plain
from creditbank.simulation.answers import Book
from creditbank.simulation.enums import RunState
from creditbank.simulation.exceptions import NobodyToAsk, NothingToCompareWith
from creditbank.simulation.models import SimulationRun
from creditbank.simulation.queries import population_at
from creditbank.simulation.running import Simulation, simulate
from creditbank.simulation.types import SimulationStarted
from foundation.api import announce, can, finish_job, record_audit_entry, report_progress, start_job

SHARDS = 16


@transaction.atomic
def start_simulation(version: RuleBookVersion, *, actor: Any, at: datetime) -> SimulationRun:
    """Compare a version with the version in force on the day from which it is to hold, over everybody whom it concerns.

    The work is done in the background; ``run.job`` says how far it is. Raises PermissionDenied, NothingToCompareWith.
    """
    if not can(actor, "simulate", version):
        raise PermissionDenied
    on = max(version.valid_from, at.date())
    before = version_in_force(version.book.institution, on=at.date())
    if before is None or before == version:
        raise NothingToCompareWith(version.book.institution.code)
    run = SimulationRun.objects.create(
        version=version, compared_with=before, on=on, started_by_uuid=actor.uuid, started_at=at,
        job=start_job("simulation", total=SHARDS, owner=actor),
    )  # fmt: skip
    record_audit_entry(
        "simulation.start", actor=actor, about=run, data={"book": version.book.code, "number": version.number, "before": before.number}
    )
    announce(SimulationStarted(run_id=run.pk))
    return run


def work_simulation(run: SimulationRun, *, at: datetime) -> SimulationRun:
    """Decide everybody under both versions and keep the report. Called again after a kill, it goes on with what is not finished.

    Raises NobodyToAsk; the run and its job have failed then.
    """
    if run.state == RunState.DONE:
        return run
    folder = Path(default_storage.path(f"simulations/shards/{run.uuid}"))
    before, after = (Book(rule_base(one), limits_of(one)) for one in (run.compared_with, run.version))
    evidence = tuple(sorted({*evidence_names(before.base), *evidence_names(after.base)}))
    people = population_at(run.version.book.institution, on=run.on, evidence=evidence)
    if not len(people):
        _end(run, RunState.FAILED, at=at, failed="nobody")
        raise NobodyToAsk(run.version.book.institution.code)

    def tell(done: int, total: int) -> None:
        if run.job is not None:
            report_progress(run.job, done=done)

    found = simulate(people, before, after, on=run.on, shards=SHARDS, folder=folder, told=tell)
    _keep(run, found, at=at)
    shutil.rmtree(folder, ignore_errors=True)
    return run


@transaction.atomic
def _keep(run: SimulationRun, found: Simulation, *, at: datetime) -> None:
    sink = io.BytesIO()
    found.learners.to_parquet(sink, engine="pyarrow", index=False)
    run.learners.save("learners.parquet", ContentFile(sink.getvalue()), save=False)
    run.report, run.learners_total = plain(found.report), found.report.learners
    record_audit_entry("simulation.finish", actor=None, about=run, data={"learners": run.learners_total})
    _end(run, RunState.DONE, at=at)


def fail_simulation(run: SimulationRun, *, at: datetime, why: str) -> None:
    """Say that the work broke off; it may be started anew."""
    _end(run, RunState.FAILED, at=at, failed=why)


def _end(run: SimulationRun, state: RunState, *, at: datetime, failed: str = "") -> None:
    run.state, run.finished_at = state, at
    run.save()
    if run.job is not None:
        run.job.refresh_from_db()
        finish_job(run.job, at=at, failed=failed)
