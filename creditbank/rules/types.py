"""What rules are about: plain frozen data. No Django, no database, no clock; amounts are Decimal or exact fractions, never float."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Trust = Literal["self", "verified", "institution"]
TRUST_RANK = {"self": 0, "verified": 1, "institution": 2}
WindowDate = Literal["earned", "applied"]
NodeKind = Literal["leaf", "all", "any", "n_of", "not"]
GrantKind = Literal["course", "unassigned", "elective", "block", "deny", "pending"]
KIND_ORDER = ("course", "block", "unassigned", "elective", "deny", "pending")
Overflow = Literal["reject_whole", "truncate"]
Per = Literal["none", "year", "institution", "target"]


@dataclass(frozen=True)
class CreditSystem:
    """A unit: notional hours per credit, the step on which amounts lie, and how results are rounded onto it."""

    code: str
    hours_nominal: Decimal
    step: Decimal
    rounding: str = "down"


@dataclass(frozen=True)
class Rate:
    """An explicit rate between two units; beats the hours of both."""

    source: str
    target: str
    num: int
    den: int

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.num, self.den)


@dataclass(frozen=True)
class RecordFacts:
    """One record of the archive as the engine sees it; ``hours`` counts only where credits are missing."""

    id: str
    outcome: str
    issuer: str
    earned_on: date
    credits: Decimal | None = None
    system: str = ""
    hours: Decimal | None = None
    score: Decimal | None = None
    attendance: Decimal | None = None
    level: int | None = None
    category: str = "academic"
    source_type: str = "course"
    subjects: tuple[str, ...] = ()
    trust: Trust = "institution"
    issued_on: date | None = None
    valid_until: date | None = None
    state: str = "available"
    dup_class: str = ""
    title_zh: str = ""
    title_en: str = ""

    @property
    def start_of_age(self) -> date:
        return self.issued_on or self.earned_on

    @property
    def class_key(self) -> str:
        """Records of one class count once; by default the outcome itself is the class."""
        return self.dup_class or self.outcome


@dataclass(frozen=True)
class Leaf:
    """What one record must be and reach. An empty field asks nothing."""

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


@dataclass(frozen=True)
class Node:
    """A left side: a leaf, or ALL / ANY / N_OF(k) over nodes, or NOT over a leaf."""

    kind: NodeKind
    leaf: Leaf | None = None
    children: tuple[Node, ...] = ()
    k: int = 0

    def leaves(self) -> tuple[Leaf, ...]:
        own = (self.leaf,) if self.leaf else ()
        return own + tuple(leaf for child in self.children for leaf in child.leaves())

    def wanted(self) -> tuple[Leaf, ...]:
        """The leaves that ask for a record; those under a NOT ask for its absence."""
        if self.kind == "not":
            return ()
        own = (self.leaf,) if self.leaf else ()
        return own + tuple(leaf for child in self.children for leaf in child.wanted())

    def forbidden(self) -> tuple[Leaf, ...]:
        """The leaves under a NOT."""
        if self.kind == "not":
            return self.leaves()
        return tuple(leaf for child in self.children for leaf in child.forbidden())


@dataclass(frozen=True)
class Grant:
    """What a match gives: a course of the target, free credit, or a refusal.

    ``credits`` is "fixed" (``amount`` credits), "rate" (source credits or hours by the ratio, at most ``max_amount``), or "steps" (the
    amount of the highest score step that was reached).
    """

    kind: GrantKind
    outcome: str = ""
    subject: str = ""
    credits: Literal["fixed", "rate", "steps"] = "fixed"
    amount: Decimal = Decimal(0)
    max_amount: Decimal | None = None
    steps: tuple[tuple[Decimal, Decimal], ...] = ()


@dataclass(frozen=True)
class Rule:
    """One credit rule of a published version."""

    id: str
    version: int
    lhs: Node
    grants: tuple[Grant, ...]
    agreement: str = ""
    precedence: int = 0
    priority: int = 100
    window_from: date | None = None
    window_to: date | None = None
    window_date: WindowDate = "earned"
    programmes: tuple[str, ...] = ()
    route: Literal["auto", "review", "panel"] = "review"
    evidence: tuple[str, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""
    source: str = ""
    since: date | None = None


@dataclass(frozen=True)
class Limit:
    """At most so much: credits, records or grants of what the selector names.

    ``selector`` and ``exempt`` map a property of the lead record (source_type, category, subject, institution, trust) or of the grant
    (kind) to the values meant; all named properties must agree. ``share`` makes the bound a part of the target's total.
    """

    id: str
    measure: Literal["credits", "records", "grants"] = "credits"
    bound: Decimal | None = None
    share: Fraction | None = None
    selector: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exempt: tuple[tuple[str, tuple[str, ...]], ...] = ()
    per: Per = "none"
    year_start: tuple[int, int] = (1, 1)
    overflow: Overflow = "reject_whole"
    owner: str = "bank"


@dataclass(frozen=True)
class RequirementLeaf:
    """One leaf of a programme: which grants it accepts and how much it needs.

    ``outcomes`` and ``subjects`` are alternatives; both empty accept everything. An elective leaf counts in V3, not in V2, and in V1 only if
    it has a need.
    """

    path: str
    title_zh: str = ""
    title_en: str = ""
    outcomes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    need_credits: Decimal | None = None
    need_courses: int | None = None
    elective: bool = False

    def accepts(self, grant: Grant) -> bool:
        if grant.kind == "elective":
            return self.elective
        if not self.outcomes and not self.subjects:
            return True
        return grant.outcome in self.outcomes or bool(grant.subject and grant.subject in self.subjects)


@dataclass(frozen=True)
class Target:
    """What recognition is wanted for: a programme with leaves, or the pool (no leaves: everything counts)."""

    code: str
    system: str
    total: Decimal | None = None
    category: str = "academic"
    leaves: tuple[RequirementLeaf, ...] = ()

    def seats(self) -> tuple[RequirementLeaf, ...]:
        """Its leaves, or the one elective leaf of the pool."""
        return self.leaves or (RequirementLeaf(path="pool", title_zh="全部学分", title_en="All credit", elective=True),)


@dataclass(frozen=True)
class Facts:
    """A person's side of the question: pseudonym, records, target, dates, and what earlier awards already used."""

    learner: str
    records: tuple[RecordFacts, ...]
    target: Target
    applied_on: date
    used: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RuleBase:
    """One published rule book with its reference tables."""

    rules: tuple[Rule, ...]
    systems: tuple[CreditSystem, ...]
    rates: tuple[Rate, ...] = ()
    convertible: tuple[tuple[str, str], ...] = ()
    book: str = ""
    version: int = 0

    def system(self, code: str) -> CreditSystem | None:
        return next((system for system in self.systems if system.code == code), None)

    def rate(self, source: str, target: str) -> Rate | None:
        return next((rate for rate in self.rates if (rate.source, rate.target) == (source, target)), None)


@dataclass(frozen=True)
class Condition:
    """One judged condition: made while deciding, never guessed afterwards."""

    name: str
    ok: bool
    has: object = None
    needs: object = None


@dataclass(frozen=True)
class Reason:
    """Why something was not used: a code of the closed list, the rule it is about, and the values found and expected."""

    code: str
    rule: str = ""
    data: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, str]:
        return dict(self.data)


@dataclass(frozen=True)
class Allocation:
    """One grant that was given, and where it sits."""

    rule: str
    version: int
    records: tuple[str, ...]
    grant: int
    kind: str
    outcome: str
    leaf: str
    fill: Decimal
    posted: Decimal
    amount: Decimal
    exact: Fraction
    ratio: Fraction | None
    conditions: tuple[Condition, ...] = ()
    cut_by: str = ""


@dataclass(frozen=True)
class Unused:
    """A record that is not used, with its headline reason first."""

    record: str
    reasons: tuple[Reason, ...]

    @property
    def headline(self) -> Reason:
        return self.reasons[0]


@dataclass(frozen=True)
class Proof:
    """Whether the result is proved best: ``optimal``, or ``gap`` with the level that was reached."""

    status: Literal["optimal", "gap"]
    level: str = ""


@dataclass(frozen=True)
class LimitUse:
    """How full a limit's bucket is after the decision."""

    limit: str
    bucket: str
    bound: Decimal
    used: Decimal


@dataclass(frozen=True)
class Decision:
    """The best recognition of a person's records for a target, with reasons. ``objective`` holds V1 … V6 in their own units."""

    learner: str
    target: str
    allocation: tuple[Allocation, ...]
    unused: tuple[Unused, ...]
    objective: tuple[int, ...]
    posted: Decimal
    limits: tuple[LimitUse, ...]
    proof: Proof
    snapshot_hash: str
    semantics: int = 1
    open_leaves: tuple[str, ...] = field(default=())
