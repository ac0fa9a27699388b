"""Broken promises around rule books and agreements."""

from __future__ import annotations


class SamePerson(Exception):
    """The author of a version may not publish it."""


class NotADraft(Exception):
    """Only a draft can be changed or published."""


class NotPublished(Exception):
    """Only a published version can be retired."""


class BadDay(Exception):
    """A day that cannot be: a version's last day before its first, a stop before the agreement began."""


class LintErrors(Exception):
    """The version has findings that block publishing; ``findings`` are their codes with the rules concerned."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings


class ExamplesFail(Exception):
    """Examples of the version come out otherwise than written; ``examples`` are their numbers."""

    def __init__(self, examples: list[str]) -> None:
        super().__init__(", ".join(examples))
        self.examples = examples


class NotAcknowledged(Exception):
    """Warnings that the publisher has not answered in words; ``codes`` are their kinds."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class WrongStep(Exception):
    """An agreement cannot take this step from where it is; ``status`` says where that is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NotAParty(Exception):
    """The institution takes no part in the agreement, or need not sign it."""


class AlreadySigned(Exception):
    """This party has signed already."""


class OtherText(Exception):
    """The text that was shown is not the text of the agreement; nothing is signed."""


class BadParties(Exception):
    """The parties do not make an agreement of this kind; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Overtaken(Exception):
    """Somebody drafted a newer version meanwhile; ``number`` is the newest."""

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number


class UnknownPart(Exception):
    """The version has no rule, limit or example of this number."""
