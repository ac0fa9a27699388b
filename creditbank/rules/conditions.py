"""What a rule asks: leaves about one record each, and nodes over them. Plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from creditbank.rules.tables import LATER

Trust = Literal["self", "verified", "institution"]
TRUST_RANK = {"self": 0, "verified": 1, "institution": 2}
USUAL_TRUST = "verified"
"""What a leaf asks for where nothing else is said."""
NodeKind = Literal["leaf", "all", "any", "n_of", "credits_of", "not"]


@dataclass(frozen=True)
class Leaf:
    """What one record must be and reach. An empty field asks nothing.

    ``min_level`` is a rank of ``framework``; a grade may name its scale (``ECTS:C``).
    """

    outcome: str = ""
    source_type: str = ""
    category: str = ""
    subject: str = ""
    issuer: str = ""
    system: str = ""
    min_score: Decimal | None = None
    max_score: Decimal | None = None
    min_attendance: Decimal | None = None
    min_credits: Decimal | None = None
    min_hours: Decimal | None = None
    min_level: int | None = None
    max_age_months: int | None = None
    age_at: Literal["review", "applied"] = "review"
    valid_on_review: bool = False
    trust: Trust = "verified"
    dup_class: str = ""
    common_id: str = ""
    min_grade: str = ""
    max_grade: str = ""
    framework: str = field(default="", metadata=LATER)


@dataclass(frozen=True)
class Node:
    """A left side: a leaf, or ALL / ANY / N_OF(k) / CREDITS_OF(credits) over nodes, or NOT over a leaf."""

    kind: NodeKind
    leaf: Leaf | None = None
    children: tuple[Node, ...] = ()
    k: int = 0
    credits: Decimal | None = None
    same_issuer: bool = False
    same_award: bool = field(default=False, metadata=LATER)

    def leaves(self) -> tuple[Leaf, ...]:
        own = (self.leaf,) if self.leaf else ()
        return own + tuple(leaf for child in self.children for leaf in child.leaves())

    def wanted(self) -> tuple[Leaf, ...]:
        """The leaves that ask for a record; those under a NOT ask for its absence. Worked out once: a rule is asked about many records."""
        known: dict[str, tuple[Leaf, ...]] = self.__dict__
        if "_wanted" not in known:
            own = (self.leaf,) if self.leaf else ()
            known["_wanted"] = () if self.kind == "not" else own + tuple(leaf for child in self.children for leaf in child.wanted())
        return known["_wanted"]

    def forbidden(self) -> tuple[Leaf, ...]:
        """The leaves under a NOT."""
        known: dict[str, tuple[Leaf, ...]] = self.__dict__
        if "_forbidden" not in known:
            known["_forbidden"] = (
                self.leaves() if self.kind == "not" else tuple(leaf for child in self.children for leaf in child.forbidden())
            )
        return known["_forbidden"]
