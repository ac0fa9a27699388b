"""States of an upload and of its rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchState(models.TextChoices):
    """Where an upload stands."""

    READING = "reading", _("being read")
    REFUSED = "refused", _("has errors")
    READ = "read", _("read, not yet confirmed")
    SUBMITTED = "submitted", _("waits for release")
    RELEASING = "releasing", _("being entered")
    HALTED = "halted", _("stopped while it was entered")
    RELEASED = "released", _("entered")
    UNDO_ASKED = "undo_asked", _("undo waits for a second person")
    UNDOING = "undoing", _("being undone")
    UNDO_HALTED = "undo_halted", _("stopped while it was undone")
    UNDONE = "undone", _("undone")
    DISCARDED = "discarded", _("discarded")


class RowState(models.TextChoices):
    """What became of one row."""

    GOOD = "good", _("good")
    BAD = "bad", _("has errors")
    KNOWN = "known", _("already entered")
    ENTERED = "entered", _("entered")
    LEFT = "left", _("left out: entered meanwhile in another file")
    UNDONE = "undone", _("undone")
    KEPT = "kept", _("kept: its credit is in use")


S = BatchState
TRANSITIONS: dict[str, frozenset[str]] = {
    S.READING: frozenset({S.REFUSED, S.READ}),
    S.REFUSED: frozenset({S.DISCARDED}),
    S.READ: frozenset({S.SUBMITTED, S.DISCARDED}),
    S.SUBMITTED: frozenset({S.RELEASING, S.DISCARDED}),
    S.RELEASING: frozenset({S.RELEASED, S.HALTED}),
    S.HALTED: frozenset({S.RELEASING}),
    S.RELEASED: frozenset({S.UNDO_ASKED}),
    S.UNDO_ASKED: frozenset({S.UNDOING, S.RELEASED}),
    S.UNDOING: frozenset({S.UNDONE, S.UNDO_HALTED}),
    S.UNDO_HALTED: frozenset({S.UNDOING}),
    S.UNDONE: frozenset(),
    S.DISCARDED: frozenset(),
}
"""From each state, where it may go; every other step is refused."""
