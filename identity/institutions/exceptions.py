"""Broken promises around institutions and memberships."""

from __future__ import annotations


class MembershipRefused(Exception):
    """The actor may not grant or end this role here; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class InstitutionExists(Exception):
    """Another institution has this code."""


class LearnerNumberTaken(Exception):
    """The number already stands for another person at this institution."""
