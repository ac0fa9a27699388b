"""What simulations do when somebody is erased: files with a row about the person go; the report stays, it is about everybody."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from django.db import transaction

from creditbank.simulation.models import SimulationRun
from identity.api import Eraser, Exporter, Treatment, register_eraser, register_exporter


def erase(person: Any, at: datetime) -> dict[str, int]:
    """Examples of a report name pseudonyms; those of the person are taken out of it."""
    taken = 0
    for run in SimulationRun.objects.exclude(learners="").order_by("id"):
        if not _has(run, str(person.uuid)):
            continue
        transaction.on_commit(lambda file=run.learners: file.storage.delete(file.name))  # type: ignore[misc]
        SimulationRun.objects.filter(pk=run.pk).update(learners="")
        taken += 1
    return {"simulation_files": taken}


def _has(run: SimulationRun, pseudonym: str) -> bool:
    """Whether a file has a row about somebody; one that is gone or cannot be read counts as one that has."""
    import pyarrow as pa  # noqa: PLC0415  heavy, and needed here alone
    import pyarrow.compute as pc  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with run.learners.open("rb") as file:
            column = pq.read_table(io.BytesIO(file.read()), columns=["learner"])["learner"]
    except (OSError, pa.ArrowException):
        return True
    return bool(pc.any(pc.equal(pc.cast(column, pa.string()), pseudonym)).as_py())


register_eraser(Eraser(part="creditbank.simulation", erase=erase, treats={"creditbank.SimulationRun": Treatment.EMPTIED}))
register_exporter(
    Exporter(
        part="creditbank.simulation",
        left_out={"creditbank.SimulationRun": "Thought experiments over everybody, by pseudonym; nothing was decided by them."},
    )
)
