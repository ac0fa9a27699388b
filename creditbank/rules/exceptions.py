"""What the engine refuses."""

from __future__ import annotations


class NoRate(Exception):
    """There is neither a rate nor hours between two units; never guessed."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"{source} → {target}")
        self.source = source
        self.target = target


class BadRule(Exception):
    """A rule that says nothing the engine can decide (a leaf without content, an amount off its step)."""


class SamePerson(BadRule):
    """An exception that whoever proposed it has approved alone."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: same_person")
