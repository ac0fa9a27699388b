"""What recognition refuses. A refusal changes nothing."""

from __future__ import annotations


class WrongState(Exception):
    """The application is not where this step begins."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class SamePersonTwice(Exception):
    """Applicant, first officer and second person are three different people."""


class NothingToRecognise(Exception):
    """No rule recognises any of the chosen records for this target."""


class NoRulesInForce(Exception):
    """The institution has no published rule book for this day."""


class RecordsTaken(Exception):
    """Some of the records were reserved or used by another application meanwhile."""


class DecisionIncomplete(Exception):
    """A line has no decision, no reason where one is needed, or an amount that is not allowed; ``line`` is its number."""

    def __init__(self, line: int, code: str) -> None:
        super().__init__(f"{line}: {code}")
        self.line = line
        self.code = code


class TooLate(Exception):
    """The time in which this could be done without a reason is over."""


class Involved(Exception):
    """The person taught what is to be recognised, or has declared an interest in the case."""


class ExpertNeeded(Exception):
    """The last seat of a review panel is for a subject expert, because none has voted yet."""
