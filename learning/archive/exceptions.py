"""Broken promises of the archive."""

from __future__ import annotations


class ArchiveError(ValueError):
    """Base: the archive refuses this."""


class RecordAlreadyEntered(ArchiveError):
    """The run's enrolment, or the institution's own record id, already has a record that counts."""


class CreditsOffStep(ArchiveError):
    """The credits are no whole number of steps of their credit system."""


class CreditsWithoutSystem(ArchiveError):
    """An amount of credits without its unit, or a unit without an amount."""


class WrongTrust(ArchiveError):
    """What a learner brings is stated by the learner; only an institution's record carries the institution's name."""


class RecordAlreadyVoid(ArchiveError):
    """A void record is not corrected again; correct the one that replaced it."""
