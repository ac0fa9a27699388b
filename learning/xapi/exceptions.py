"""Broken promises of the statement store."""

from __future__ import annotations


class BadStatement(ValueError):
    """A statement has not the shape that the standard asks for, or uses an id outside our profile."""
