"""What rules are about: plain frozen data. No Django, no database, no clock; amounts are Decimal or exact fractions, never float."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from creditbank.rules.conditions import TRUST_RANK, Leaf, Node, NodeKind, Trust
from creditbank.rules.results import (
    Allocation,
    Condition,
    Decision,
    LimitUse,
    Minimum,
    Proof,
    Reason,
    Unused,
)
from creditbank.rules.tables import (
    LATER,
    Agreement,
    Calendar,
    CreditSystem,
    Grade,
    GradeMap,
    GradeScale,
    Level,
    Outcome,
    Pairs,
    Rate,
    TitleMatching,
)

__all__ = [
    "KIND_ORDER",
    "POSTING",
    "TRUST_RANK",
    "Agreement",
    "Allocation",
    "Calendar",
    "Condition",
    "CreditSystem",
    "Decision",
    "Earlier",
    "Facts",
    "Grade",
    "GradeMap",
    "GradeScale",
    "Grant",
    "GrantKind",
    "IndividualException",
    "Leaf",
    "Level",
    "Limit",
    "LimitUse",
    "Minimum",
    "Node",
    "NodeKind",
    "Outcome",
    "Overflow",
    "Pairs",
    "Per",
    "Proof",
    "Rate",
    "Reason",
    "RecordFacts",
    "RequirementLeaf",
    "RequirementNode",
    "Rule",
    "RuleBase",
    "Target",
    "TitleMatching",
    "Trust",
    "Unused",
    "WindowDate",
]

WindowDate = Literal["earned", "applied", "admitted", "cohort"]
GrantKind = Literal["course", "unassigned", "elective", "block", "exemption", "waiver", "subject_only", "deny", "pending"]
KIND_ORDER = ("course", "block", "unassigned", "elective", "exemption", "waiver", "subject_only", "deny", "pending")
POSTING = frozenset({"course", "block", "unassigned", "elective"})
"""Kinds that move credit in the ledger; an exemption or a subject alone fills a leaf without."""
Overflow = Literal["reject_whole", "truncate", "subject_only", "to_elective"]
Per = Literal["none", "year", "term", "institution", "subject", "target"]


@dataclass(frozen=True)
class IndividualException:
    """What was decided for one person alone; applied before anything else, and only while it has not expired."""

    path: str
    kind: Literal["insert", "substitute", "waive", "block", "value"]
    by: str
    approved_by: str
    value: str = ""
    reason: str = ""
    expires: date | None = None


@dataclass(frozen=True)
class RecordFacts:
    """One record of the archive as the engine sees it; ``hours`` counts only where credits are missing.

    ``award`` names the award that it is part of; ``framework`` is that of its level; ``remaining`` are the credits that earlier awards have
    left of it, where rules may split it.
    """

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
    grade: str = ""
    common_id: str = ""
    evidence: tuple[str, ...] = ()
    award: str = field(default="", metadata=LATER)
    framework: str = field(default="", metadata=LATER)
    remaining: Decimal | None = field(default=None, metadata=LATER)
    repeatable: bool = field(default=False, metadata=LATER)

    @property
    def start_of_age(self) -> date:
        return self.issued_on or self.earned_on

    @property
    def class_key(self) -> str:
        """Records of one class count once; by default the outcome itself is the class, unless it may be repeated."""
        return self.dup_class or (f"record:{self.id}" if self.repeatable else self.outcome)


@dataclass(frozen=True)
class Grant:
    """What a match gives: a course of the target, free credit, or a refusal.

    ``credits`` is "fixed" (``amount`` credits), "rate" (source credits or hours by the ratio, at most ``max_amount``), or "steps" (the
    amount of the highest score step that was reached), or "catalogue" (what the catalogue says of the outcome). For a waiver ``outcome``
    is the path of the node that is done; for a block it lists courses with ``;`` or names a year. ``grade`` is keep, pass, none, or a
    table of scores and grades (``85:A;70:B``).
    """

    kind: GrantKind
    outcome: str = ""
    subject: str = ""
    credits: Literal["fixed", "rate", "steps", "catalogue"] = "fixed"
    amount: Decimal = Decimal(0)
    max_amount: Decimal | None = None
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    level: int | None = None
    grade: str = ""
    in_gpa: bool = True
    effects: str = ""


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
    route: Literal["auto", "review", "panel", "standards"] = "review"
    evidence: tuple[str, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""
    source: str = ""
    since: date | None = None
    fields: tuple[str, ...] = ()
    not_fields: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()
    learner: Pairs = ()
    not_learner: Pairs = ()
    offer: Literal["all", "any", "n_of"] = "all"
    offer_k: int = 1
    all_or_nothing: bool = False
    status: str = "active"
    consume: Literal["whole", "splittable"] = field(default="whole", metadata=LATER)


@dataclass(frozen=True)
class Limit:
    """At most (or, with ``op`` ">=", at least) so much: credits, records or grants of what the selector names.

    ``selector`` and ``exempt`` map a property of the lead record (source_type, category, subject, institution, trust, level) or of the
    grant (kind) to the values meant; all named properties must agree. ``share`` makes the bound a part of ``share_of``. ``group`` joins
    limits of which one (``group_op`` "any") or all must hold.
    """

    id: str
    measure: Literal["credits", "records", "grants", "gpa"] = "credits"
    bound: Decimal | None = None
    share: Fraction | None = None
    selector: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exempt: tuple[tuple[str, tuple[str, ...]], ...] = ()
    per: Per = "none"
    year_start: tuple[int, int] = (1, 1)
    overflow: Overflow = "reject_whole"
    owner: str = "bank"
    op: Literal["<=", ">="] = "<="
    share_of: str = "programme"
    calendar: str = ""
    group: str = ""
    group_op: str = "all"
    last_n: Decimal | None = None


@dataclass(frozen=True)
class RequirementLeaf:
    """One leaf of a programme: which grants it accepts and how much it needs.

    ``outcomes`` and ``subjects`` are alternatives; both empty accept everything; with ``all_keys`` both must name it. ``level``, ``category`` and ``kinds`` narrow further. An
    elective leaf counts in V3, not in V2, and in V1 only if it has a need. ``exclusive`` names the set inside which a grant counts once;
    ``share_with`` lets a grant count in one leaf of another set too, ``share_max`` credits at most. ``need_if`` replaces the need for
    learners of whom a condition holds, first hit first.
    """

    path: str
    title_zh: str = ""
    title_en: str = ""
    outcomes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    need_credits: Decimal | None = None
    need_courses: int | None = None
    elective: bool = False
    level: int | None = None
    category: str = ""
    kinds: tuple[str, ...] = ()
    min_grade: str = ""
    need_if: tuple[tuple[Pairs, Decimal], ...] = ()
    level_credits: tuple[tuple[int, Decimal], ...] = ()
    exclusive: str = ""
    share_with: str = ""
    share_max: Decimal | None = None
    all_keys: bool = False
    transferable: bool = True
    requirement: bool | None = None

    def accepts(self, grant: Grant, about: Outcome | None = None) -> bool:
        """Whether a grant may sit here; ``about`` is what the catalogue knows of the granted outcome."""
        if not self.transferable or (self.kinds and grant.kind not in self.kinds):
            return False
        level = grant.level if grant.level is not None else about.level if about else None
        if self.level is not None and (level is None or level < self.level):
            return False
        if self.category and (about is None or about.category != self.category):
            return False
        return self._names(grant, about)

    def _names(self, grant: Grant, about: Outcome | None) -> bool:
        if grant.kind == "elective":
            return self.elective
        if not self.outcomes and not self.subjects:
            return True
        subjects = {grant.subject, *(about.subjects if about else ())} - {""}
        found = [
            bool(names & set(wanted))
            for names, wanted in ((set(grant.outcome.split(";")), self.outcomes), (subjects, self.subjects))
            if wanted
        ]
        return all(found) if self.all_keys else any(found)


@dataclass(frozen=True)
class RequirementNode:
    """An inner node of a programme's tree over leaves and nodes, named by their paths."""

    path: str
    kind: Literal["all", "any", "n_of"]
    children: tuple[str, ...]
    k: int = 0
    requirement: bool | None = None
    children_min: int | None = None
    children_max: int | None = None
    title_zh: str = ""
    title_en: str = ""


@dataclass(frozen=True)
class Target:
    """What recognition is wanted for: a programme with leaves, or the pool (no leaves: everything counts).

    Without ``nodes`` the leaves are the children of one ALL. ``eligible`` must hold, ``not_eligible`` must not, for a person to use it at all.
    ``owner`` is the institution whose grades are given.
    """

    code: str
    system: str
    total: Decimal | None = None
    category: str = "academic"
    leaves: tuple[RequirementLeaf, ...] = ()
    nodes: tuple[RequirementNode, ...] = ()
    field: str = ""
    eligible: Pairs = dataclasses.field(default=(), metadata=LATER)
    not_eligible: Pairs = dataclasses.field(default=(), metadata=LATER)
    owner: str = dataclasses.field(default="", metadata=LATER)

    def seats(self) -> tuple[RequirementLeaf, ...]:
        """Its leaves, or the one elective leaf of the pool."""
        return self.leaves or (RequirementLeaf(path="pool", title_zh="全部学分", title_en="All credit", elective=True),)


@dataclass(frozen=True)
class Earlier:
    """A grant of an award of this target that stands already: what it occupies is taken.

    ``records`` are those that it used; ``made_elective``: a limit has made it elective credit, and does not count it.
    """

    application: str
    rule: str
    grant: int
    offer: int
    kind: GrantKind
    leaf: str
    fill: Decimal
    posted: Decimal
    records: tuple[RecordFacts, ...]
    made_elective: bool = False

    @property
    def key(self) -> tuple[str, str, tuple[str, ...], int, int]:
        """What tells one grant from another; a grant that sits in two leaves is one."""
        return self.application, self.rule, tuple(record.id for record in self.records), self.grant, self.offer


@dataclass(frozen=True)
class Facts:
    """A person's side of the question: pseudonym, records, target, dates, and what earlier awards already used.

    ``used`` are records that are gone, for whatever target; ``earlier`` are the grants of this target that were awarded, which occupy limits,
    leaves and classes.
    """

    learner: str
    records: tuple[RecordFacts, ...]
    target: Target
    applied_on: date
    used: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    cohort: str = ""
    admitted_on: date | None = None
    attributes: Pairs = ()
    exceptions: tuple[IndividualException, ...] = ()
    earlier: tuple[Earlier, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True)
class RuleBase:
    """One published rule book with its reference tables.

    ``eligible`` and ``not_eligible`` say who may use the bank at all; ``titles`` switches title matching on.
    """

    rules: tuple[Rule, ...]
    systems: tuple[CreditSystem, ...]
    rates: tuple[Rate, ...] = ()
    convertible: tuple[tuple[str, str], ...] = ()
    book: str = ""
    version: int = 0
    outcomes: tuple[Outcome, ...] = ()
    scales: tuple[GradeScale, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    partly_convertible: tuple[tuple[str, str], ...] = ()
    levels: tuple[Level, ...] = field(default=(), metadata=LATER)
    grade_maps: tuple[GradeMap, ...] = field(default=(), metadata=LATER)
    titles: TitleMatching | None = field(default=None, metadata=LATER)
    eligible: Pairs = field(default=(), metadata=LATER)
    not_eligible: Pairs = field(default=(), metadata=LATER)

    def system(self, code: str) -> CreditSystem | None:
        return next((system for system in self.systems if system.code == code), None)

    def rate(self, source: str, target: str) -> Rate | None:
        """The explicit rate between two units; of several the one that began last."""
        found = (rate for rate in self.rates if (rate.source, rate.target) == (source, target))
        return max(found, key=lambda rate: rate.window_from or date.min, default=None)

    def in_force(self, on: date) -> RuleBase:
        """The base with the rates that hold on a day; itself where every rate does. Made once a day and kept."""
        if all(rate.holds_on(on) for rate in self.rates):
            return self
        known: dict[date, RuleBase] = self.__dict__.setdefault("_in_force", {})
        if on not in known:
            known[on] = replace(self, rates=tuple(rate for rate in self.rates if rate.holds_on(on)))
        return known[on]

    def agreement(self, code: str) -> Agreement | None:
        """An agreement by its code, in its highest version."""
        return self._agreements.get(code)

    @cached_property
    def _agreements(self) -> dict[str, Agreement]:
        return {one.code: one for one in sorted(self.agreements, key=lambda one: one.version)}

    @cached_property
    def _outcomes(self) -> dict[str, Outcome]:
        """By code and alias; of several versions the highest, and a code before an alias."""
        ordered = sorted(self.outcomes, key=lambda outcome: (outcome.version, outcome.code))
        named = {alias: outcome for outcome in ordered for alias in (*outcome.codes, *outcome.aliases)}
        return named | {outcome.code: outcome for outcome in ordered}

    def outcome(self, code: str) -> Outcome | None:
        """What the catalogue knows of an outcome, named by its code or an alias."""
        return self._outcomes.get(code)

    def scale(self, institution: str) -> GradeScale | None:
        """The grades of an institution, else those that hold for everybody."""
        return self._scales.get(institution) or self._scales.get("")

    @cached_property
    def _scales(self) -> dict[str, GradeScale]:
        """By institution; of several the one whose code comes first."""
        return {scale.institution: scale for scale in sorted(self.scales, key=lambda scale: scale.code, reverse=True)}

    def calendar(self, code: str) -> Calendar | None:
        """A calendar by its code."""
        return next((calendar for calendar in self.calendars if calendar.code == code), None)
