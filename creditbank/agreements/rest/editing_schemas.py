"""What the routes of the rule editor say and take."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal

from ninja import Field, Schema

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")
"""A number of a rule, limit or example."""
RULE = {
    "id": "R-7", "lhs": {"all": [{"outcome": "JLHV:NUR101", "min_score": "60"}, {"outcome": "JLHV:NUR102"}]},
    "grants": [{"kind": "course", "outcome": "JLOU:NUR-1", "credits": "fixed", "amount": "3"}], "route": "review",
    "reason_zh": "内容相当", "reason_en": "same content",
}  # fmt: skip


class RuleDocumentOut(Schema):
    """A rule: its number, its sentence in both languages, and the document of which it was read."""

    id: str
    sentence_zh: str
    sentence_en: str
    document: dict[str, Any]


class LimitDocumentOut(RuleDocumentOut):
    """A limit, and where its figure comes from."""

    source: str


class ExampleDocumentOut(Schema):
    """An example: its number, and the document of which it was read."""

    code: str
    document: dict[str, Any]


class ExampleDocumentsOut(Schema):
    """All examples of a version, by number."""

    items: list[ExampleDocumentOut]


class PartIn(Schema):
    """A rule or example as a document; amounts are texts. ``notes`` says what the draft changes (empty: as the version before)."""

    document: dict[str, Any] = Field(examples=[RULE], description="Names and values as in docs/RULES.md.")
    notes: str = Field("", max_length=500)


class LimitIn(PartIn):
    """A limit as a document, and where its figure comes from."""

    document: dict[str, Any] = Field(
        examples=[{"id": "L-1", "measure": "credits", "op": "<=", "bound": "30"}], description="Names and values as in docs/RULES.md."
    )
    source: str = Field("", max_length=300)


class DraftIn(Schema):
    """From when the draft is to hold, and what it changes."""

    valid_from: date
    notes: str = Field(min_length=1, max_length=500)


class PreviewIn(Schema):
    """A part of a version that is not saved."""

    kind: Literal["rule", "limit", "example"]
    document: dict[str, Any] = Field(examples=[RULE])


class DifferenceOut(Schema):
    """Where an answer is another than written: a record (empty: the whole), what was written, what came out."""

    record: str
    expected: str
    found: str


class PreviewOut(Schema):
    """A rule or limit as a sentence; of an example, whether the version answers it as written (else null), and where not."""

    sentence_zh: str
    sentence_en: str
    passed: bool | None
    differences: list[DifferenceOut]
