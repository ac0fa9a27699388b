"""Broken promises of the library."""

from __future__ import annotations


class IllegalTransition(Exception):
    """The course is not in a state from which this step leads anywhere, or the actor may not take it."""

    def __init__(self, code: str, state: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.state = state


class MetadataIncomplete(Exception):
    """What is missing before a course can be reviewed; ``fields`` are the names of the fields."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class ScopesOutOfOrder(Exception):
    """Download must lie within read, read and adopt within preview and read; ``field`` is the one too wide."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class ContentWithoutIds(Exception):
    """A section, unit or block has no stable id, so progress could not refer to it."""
