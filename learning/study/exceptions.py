"""Broken promises of study."""

from __future__ import annotations


class StudyError(ValueError):
    """Base: study refuses this."""


class NotAdoptable(StudyError):
    """The course does not let this school adopt it."""


class RunNotOpen(StudyError):
    """The run takes nobody now: still a draft, closed, or over."""


class NotOnClassList(StudyError):
    """A closed run takes only those on its class list."""


class EnrolmentNotActive(StudyError):
    """The learner has left the run."""


class CompletedIsFinal(StudyError):
    """A completed run is not left: its record stands."""


class UnitLocked(StudyError):
    """The unit is not open yet."""


class UnitNeedsQuiz(StudyError):
    """A unit with a quiz is done by passing the quiz, not by saying so."""


class UnknownBlock(StudyError):
    """The pinned version has no such unit or quiz."""


class SamePerson(StudyError):
    """Whoever opened the run does not approve its automatic deposit."""


class DatesOutOfOrder(StudyError):
    """A run ends before it begins."""
