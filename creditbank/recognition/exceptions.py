"""What recognition refuses. A refusal changes nothing."""

from __future__ import annotations

from creditbank.rules.earlier import NoRoom


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


class NoRoomLeft(Exception):
    """Together with what was awarded to the learner meanwhile it would be too much: ``lack`` says of what (a limit, a requirement, a class).

    The way on is to work the case out again (``reckon_again``): what still has room is recognised, and the rest keeps its records.
    """

    def __init__(self, lack: NoRoom) -> None:
        super().__init__(f"{lack.kind} {lack.name}")
        self.lack = lack


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


class JustPublished(Involved):
    """The person published the rules of this case less than a day ago."""


class NotTheirCase(Exception):
    """Only who has a case gives it back."""


class ExpertNeeded(Exception):
    """The last seat of a review panel is for a subject expert (of five years' practice in a panel of five), because none has voted yet."""


class EvidenceMissing(Exception):
    """The rules ask for evidence that is not there; ``items`` names it."""

    def __init__(self, items: list[str]) -> None:
        super().__init__(", ".join(items))
        self.items = items


class BadFile(Exception):
    """A file that is not taken: ``code`` is size, kind or pixels."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoFurtherAppeal(Exception):
    """Every level of appeal was used."""


class NothingGranted(Exception):
    """An appeal that is granted gives more on some line and less on none."""


class BadException(Exception):
    """An individual exception that the programme or its rules do not know; ``field`` is path or value."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NoGain(Exception):
    """Under the newer rules the learner would not gain."""


class NothingToTakeBack(Exception):
    """The record carries no credit that its institution has deposited."""


class AlreadyProposed(Exception):
    """Taking this back was proposed, or done, before."""


class NothingToMerge(Exception):
    """Both logins are one, or the first has no credit that could follow."""


class NothingToDraw(Exception):
    """The institution decided no case in this period."""


class BadStanding(Exception):
    """A standing that cannot be entered: ``field`` is person (no expert of the institution) or since (a day that has not come)."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class BadPeriod(Exception):
    """A period that ends before it begins, or is longer than is drawn from at once."""
