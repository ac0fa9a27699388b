"""Broken promises around rule books."""

from __future__ import annotations


class SamePerson(Exception):
    """The author of a version may not publish it."""


class NotADraft(Exception):
    """Only a draft can be changed or published."""


class LintErrors(Exception):
    """The version has findings that block publishing; ``findings`` are their codes with the rules concerned."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings
