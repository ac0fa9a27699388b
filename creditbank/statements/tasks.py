"""Papers in the background."""

from __future__ import annotations

from django_tasks import task

from creditbank.statements.keeping import KINDS, draw_all


@task()
def draw_in_background(kind: str, paper: str) -> None:
    """Draw the files of a new paper. One that is gone by now needs none; one whose drawing fails is drawn when it is fetched."""
    row = KINDS[kind]._default_manager.select_related("learner").filter(uuid=paper).first()
    if row is not None:
        draw_all(row)
