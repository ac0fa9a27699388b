"""A compiled rule book as columns of numbers, beside its entries: what each rule asks of a record of an outcome.

A bound on a decimal becomes a place among all bounds of its kind, so that comparing is exact and compares integers: below, between and on
bounds are different places. Rules of another shape (choices, NOT, leaves that do not name an outcome, …) are *left to the engine*: the
kernel says whom they concern, and those people are asked one after the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from creditbank.rules.compiled import PROPERTIES, CompiledRules, compiled, key_of_leaf
from creditbank.rules.leaves import grade_rank
from creditbank.rules.types import KIND_ORDER, TRUST_RANK, GradeScale, Grant, Leaf, Rule, RuleBase

NOT_KNOWN, LOW, HIGH = -(2**31) + 1, -(2**31) + 2, 2**31 - 2
"""A value that is missing; below all that is known; above it. A lower bound of NOT_KNOWN asks nothing, one of LOW asks that there is a value."""
SLOTS = 8
"""Most leaves under one ALL that the kernel joins itself."""

RULE_FIELDS = frozenset({
    "id", "version", "lhs", "grants", "agreement", "precedence", "priority", "window_from", "window_to", "window_date", "programmes", "route",
    "evidence", "reason_zh", "reason_en", "source", "since", "fields", "not_fields", "cohorts", "learner", "not_learner", "status",
})  # fmt: skip
NAMES = ("issuer", "source_type", "category", "system")
"""What a leaf may name besides the key by which it is found."""
LEAF_FIELDS = frozenset({
    *NAMES, "outcome", "common_id", "dup_class", "subject", "min_score", "max_score", "min_attendance", "min_credits", "min_hours", "min_level", "max_age_months", "age_at", "valid_on_review",
    "trust", "min_grade", "max_grade",
})  # fmt: skip
GRANT_FIELDS = frozenset({
    "kind", "outcome", "subject", "credits", "amount", "max_amount", "steps", "level", "grade", "in_gpa", "effects",
})  # fmt: skip
NODE_FIELDS = frozenset({"kind", "leaf", "children"})
WINDOW_KINDS = ("earned", "applied", "admitted", "cohort")


def _says_only(thing: Any, known: frozenset[str]) -> bool:
    """Whether every field outside of the known ones has its default, so that a field that comes later is never overlooked."""
    for field in fields(thing):
        if field.name in known:
            continue
        default = field.default if field.default is not MISSING else None
        if getattr(thing, field.name) != default:
            return False
    return True


def leaves_of(rule: Rule) -> tuple[Leaf, ...]:
    """The leaves of a rule that the kernel can judge and join by itself: one leaf, or ALL over leaves of different outcomes; else none."""
    nodes = rule.lhs.children if rule.lhs.kind == "all" else (rule.lhs,)
    leaves = tuple(node.leaf for node in nodes if node.kind == "leaf" and node.leaf is not None)
    shape = all(_says_only(node, NODE_FIELDS) for node in (rule.lhs, *nodes)) and 0 < len(leaves) == len(nodes) <= SLOTS
    return leaves if shape and _is_joinable(leaves) and all(map(_is_plain, leaves)) and _gives_plainly(rule) else ()


def _is_joinable(leaves: tuple[Leaf, ...]) -> bool:
    """Several leaves name an outcome each, and nothing else, so that no record can be meant by two of them."""
    if len(leaves) == 1:
        return True
    names = all(leaf.outcome and not any(getattr(leaf, name) for name in NAMES) for leaf in leaves)
    return names and len({leaf.outcome for leaf in leaves}) == len(leaves)


def _is_plain(leaf: Leaf) -> bool:
    """Whether a leaf says nothing that the kernel does not know: of the properties by which it may be found just one, grades of the issuer.

    Credits are compared in the unit that the leaf names; in that of a target the engine compares them.
    """
    if leaf.min_credits is not None and not leaf.system:
        return False
    keys = [name for name in PROPERTIES if name not in NAMES and getattr(leaf, name)]
    return _says_only(leaf, LEAF_FIELDS) and len(keys) <= 1 and ":" not in leaf.min_grade + leaf.max_grade


def _gives_plainly(rule: Rule) -> bool:
    several = len(rule.grants) > 1
    return (
        _says_only(rule, RULE_FIELDS)
        and all(_says_only(grant, GRANT_FIELDS) for grant in rule.grants)
        and not (several and any(grant.credits not in {"fixed", "catalogue"} or grant.kind in {"deny", "pending"} for grant in rule.grants))
    )


class Places:
    """Where values stand among bounds, as whole numbers: bound number i is at 2i + 2, what lies between at the odd places."""

    def __init__(self, bounds: Iterable[Any]) -> None:
        self.bounds = sorted(set(bounds))

    def of(self, value: Any | None) -> int:
        """The place of a value; NOT_KNOWN for one that is missing."""
        if value is None:
            return NOT_KNOWN
        at = bisect_left(self.bounds, value)
        return 2 * at + (2 if at < len(self.bounds) and self.bounds[at] == value else 1)


LOWER: dict[str, Callable[[Leaf], Any]] = {
    "score": lambda leaf: leaf.min_score, "attendance": lambda leaf: leaf.min_attendance, "credits": lambda leaf: leaf.min_credits,
    "hours": lambda leaf: leaf.min_hours, "level": lambda leaf: leaf.min_level,
}  # fmt: skip
"""Lower bounds on values that need no scale."""


@dataclass(frozen=True)
class Scope:
    """What of a rule decides for whom it is meant."""

    programmes: tuple[str, ...]
    fields: tuple[str, ...]
    not_fields: tuple[str, ...]
    cohorts: tuple[str, ...]
    learner: tuple[tuple[str, str], ...]
    not_learner: tuple[tuple[str, str], ...]


class RuleTables:
    """Columns of a rule base, aligned with the entries of its compiled form (an entry is a rule under the outcome of one of its leaves)."""

    def __init__(self, base: RuleBase, on: date) -> None:
        self.base, self.on = base.in_force(on), on
        self.compiled: CompiledRules = compiled(self.base)
        self.rules = self.compiled.rules
        self.pointers = np.frombuffer(self.compiled.pointers, dtype=np.int32)
        self.rule_of = np.frombuffer(self.compiled.entries, dtype=np.int32)
        plain = [leaves_of(rule) for rule in self.rules]
        self.engine = np.array([not leaves for leaves in plain], dtype=bool)
        self.slots = np.array([len(leaves) for leaves in plain], dtype=np.int32)
        self.properties = sorted({name for name, _value in self.compiled.numbers if name})
        """By what leaves find their records."""
        self.has_open = bool(self.pointers[1] > self.pointers[0])
        self.leaves, self.slot = self._entries(plain)

    def _entries(self, plain: list[tuple[Leaf, ...]]) -> tuple[list[Leaf], np.ndarray]:
        """The leaf of each entry and its place among those of its rule; a leaf that asks nothing where the engine is asked anyway."""
        leaves, slots = [], []
        for key, number in self.compiled.numbers.items():
            for at in self.rule_of[self.pointers[number] : self.pointers[number + 1]].tolist():
                slot = next((slot for slot, leaf in enumerate(plain[at]) if key_of_leaf(leaf) == key), 0)
                leaves.append(plain[at][slot] if plain[at] else Leaf(trust="self"))
                slots.append(slot)
        return leaves, np.array(slots, dtype=np.int8)

    @cached_property
    def named(self) -> dict[str, tuple[np.ndarray, dict[str, int]]]:
        """What leaves name besides their key: number of the value by entry (-1: any), and the numbers."""
        found = {}
        for name in NAMES:
            asked = [getattr(leaf, name) for leaf in self.leaves]
            if name == "issuer":  # it may be the key itself
                asked = ["" if key_of_leaf(leaf)[0] == "issuer" else value for leaf, value in zip(self.leaves, asked, strict=True)]
            values = {value: number for number, value in enumerate(sorted(set(asked) - {""}))}
            if values:
                found[name] = _column(values.get(value, -1) for value in asked), values
        return found

    # -- bounds of leaves

    @cached_property
    def places(self) -> dict[str, Places]:
        """All bounds by kind."""
        found = {name: Places(bound(leaf) for leaf in self.leaves if bound(leaf) is not None) for name, bound in LOWER.items()}
        scores = [leaf.max_score for leaf in self.leaves if leaf.max_score is not None]
        found["score"] = Places([*found["score"].bounds, *scores])
        return found

    @cached_property
    def lower(self) -> dict[str, np.ndarray]:
        """Lower bounds by kind, only of kinds that some leaf asks."""
        asked = {name: bound for name, bound in LOWER.items() if any(bound(leaf) is not None for leaf in self.leaves)}
        return {
            name: _column(NOT_KNOWN if bound(leaf) is None else self.places[name].of(bound(leaf)) for leaf in self.leaves)
            for name, bound in asked.items()
        }

    @cached_property
    def max_score(self) -> np.ndarray | None:
        if all(leaf.max_score is None for leaf in self.leaves):
            return None
        return _column(HIGH if leaf.max_score is None else self.places["score"].of(leaf.max_score) for leaf in self.leaves)

    @cached_property
    def trust(self) -> np.ndarray:
        return np.array([TRUST_RANK[leaf.trust] for leaf in self.leaves], dtype=np.int8)

    @cached_property
    def valid(self) -> np.ndarray | None:
        asked = np.array([leaf.valid_on_review for leaf in self.leaves], dtype=bool)
        return asked if asked.any() else None

    @cached_property
    def ages(self) -> tuple[np.ndarray, list[tuple[int, Any]]] | None:
        """Number of the (months, day compared) that a leaf asks, 0 for none; and what the numbers from 1 mean."""
        asked = [(leaf.max_age_months, leaf.age_at) for leaf in self.leaves]
        kinds = sorted({(months, at) for months, at in asked if months is not None})
        if not kinds:
            return None
        numbers = {kind: number for number, kind in enumerate(kinds, start=1)}
        return _column(numbers[months, at] if months is not None else 0 for months, at in asked), kinds  # type: ignore[index]

    # -- grades

    @cached_property
    def scales(self) -> list[GradeScale | None]:
        """Different scales of the base; None is the absence of one, where numbers count as numbers."""
        return [None, *self.base.scales]

    def scale_number(self, issuer: str) -> int:
        """The scale by which an issuer grades."""
        scale = self.base.scale(issuer)
        return 0 if scale is None else 1 + next(at for at, one in enumerate(self.base.scales) if one is scale)

    @cached_property
    def only_scale(self) -> int | None:
        """The one scale that everybody's grades are on, if there is no other."""
        if not self.base.scales:
            return 0
        return 1 if len(self.base.scales) == 1 and not self.base.scales[0].institution else None

    @cached_property
    def asks_min_grade(self) -> bool:
        return any(leaf.min_grade for leaf in self.leaves)

    @cached_property
    def asks_max_grade(self) -> bool:
        return any(leaf.max_grade for leaf in self.leaves)

    @cached_property
    def _graded_issuers(self) -> list[str]:
        """One issuer for each scale; for the absence of one an issuer that cannot be."""
        return ["\0", *(scale.institution or "\0" for scale in self.base.scales)]

    @cached_property
    def grade_places(self) -> list[Places]:
        """By scale: the ranks of all grades that leaves ask."""
        labels = {leaf.min_grade for leaf in self.leaves} | {leaf.max_grade for leaf in self.leaves}
        return [
            Places(rank for label in labels - {""} if (rank := self.rank(label, number)) is not None) for number in range(len(self.scales))
        ]

    def rank(self, label: str, scale: int) -> Fraction | None:
        """The rank of a grade on a scale."""
        if scale and (found := self.scales[scale]) is not None and not found.institution and found is not self.base.scale("\0"):
            return None  # a second scale for everybody is never used
        if not scale and self.base.scale("\0") is not None:
            return None  # where a scale holds for everybody nobody is without one
        return grade_rank(label, self._graded_issuers[scale], self.base)

    def grade_bounds(self, *, upper: bool) -> np.ndarray:
        """Bound by (scale, entry); a grade that a scale does not know can be reached by nothing on it."""
        labels = [leaf.max_grade if upper else leaf.min_grade for leaf in self.leaves]
        numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        column = _column(numbers[label] for label in labels)
        rows = []
        for scale in range(len(self.scales)):
            ranks = {label: self.rank(label, scale) if label else None for label in numbers}
            places = self.grade_places[scale]
            free, never = (HIGH, LOW) if upper else (NOT_KNOWN, HIGH)
            by_label = _column(free if not label else never if ranks[label] is None else places.of(ranks[label]) for label in numbers)
            rows.append(by_label[column])
        return np.stack(rows)

    @cached_property
    def min_grades(self) -> np.ndarray:
        return self.grade_bounds(upper=False)

    @cached_property
    def max_grades(self) -> np.ndarray:
        return self.grade_bounds(upper=True)

    # -- what belongs to whole rules

    @cached_property
    def windows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """(number of the date compared, first day, last day) by entry, the agreement's window included; days as ordinals."""
        first, last = np.full(len(self.rules), NOT_KNOWN, dtype=np.int32), np.full(len(self.rules), HIGH, dtype=np.int32)
        for at, rule in enumerate(self.rules):
            agreement = self.base.agreement(rule.agreement)
            days = agreement.days(self.on) if agreement is not None else (None, None)
            if days is None:  # it holds on no day
                first[at], last[at] = HIGH, LOW
            for begin, end in ((rule.window_from, rule.window_to), days or (None, None)):
                if begin or end:
                    first[at] = max(first[at], begin.toordinal() if begin else LOW)
                    last[at] = min(last[at], end.toordinal() if end else HIGH)
        if (first == NOT_KNOWN).all():
            return None
        kinds = np.array([WINDOW_KINDS.index(rule.window_date) for rule in self.rules], dtype=np.int8)
        return kinds[self.rule_of], first[self.rule_of], last[self.rule_of]

    @cached_property
    def window_kinds(self) -> frozenset[int]:
        """Numbers of the dates that some window compares."""
        return frozenset(WINDOW_KINDS.index(rule.window_date) for rule in self.rules)

    @cached_property
    def scopes(self) -> tuple[np.ndarray, list[Rule]] | None:
        """Number of the scope of each rule, and one rule of each scope; nothing where every rule is meant for everybody."""
        found: dict[Scope, int] = {}
        numbers = np.zeros(len(self.rules), dtype=np.int32)
        examples: list[Rule] = []
        for at, rule in enumerate(self.rules):
            scope = Scope(rule.programmes, rule.fields, rule.not_fields, rule.cohorts, rule.learner, rule.not_learner)
            if scope not in found:
                found[scope] = len(found)
                examples.append(rule)
            numbers[at] = found[scope]
        return None if list(found) == [Scope((), (), (), (), (), ())] else (numbers, examples)

    @cached_property
    def evidence(self) -> tuple[np.ndarray, list[frozenset[str]]] | None:
        """Number of the checklist of each rule, and what the numbers mean; nothing where no rule asks for evidence."""
        found: dict[frozenset[str], int] = {}
        numbers = np.zeros(len(self.rules), dtype=np.int32)
        for at, rule in enumerate(self.rules):
            numbers[at] = found.setdefault(frozenset(map(_item, rule.evidence)), len(found))
        return None if set(found) <= {frozenset()} else (numbers, list(found))

    @cached_property
    def granted(self) -> tuple[np.ndarray, list[tuple[bool, tuple[str, ...]]]]:
        """Number of what decides about convertibility, by rule, and what the numbers mean: whether its leaves name outcomes, and the categories
        that it grants into ("": that of the target)."""
        found: dict[tuple[bool, tuple[str, ...]], int] = {}
        numbers = np.zeros(len(self.rules), dtype=np.int32)
        for at, rule in enumerate(self.rules):
            abouts = [self.base.outcome(grant.outcome) for grant in rule.grants if grant.kind not in {"deny", "pending", "waiver"}]
            into = tuple(sorted({about.category if about and about.category else "" for about in abouts}))
            names = all(leaf.outcome for leaf in rule.lhs.wanted())
            numbers[at] = found.setdefault((names, into), len(found))
        return numbers, list(found)

    @cached_property
    def ranks(self) -> np.ndarray:
        """Dense rank of each rule: precedence, priority, kind of the first grant; smaller is better."""
        keys = [(-rule.precedence, rule.priority, KIND_ORDER.index(rule.grants[0].kind)) for rule in self.rules]
        order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
        return _column(order[key] for key in keys)

    @cached_property
    def amounts(self) -> tuple[np.ndarray, list[tuple[Grant, ...]]]:
        """Number of the amount of each rule, and grants that have it: rules that give the same credit share a number."""
        found: dict[Any, int] = {}
        numbers = np.zeros(len(self.rules), dtype=np.int32)
        examples: list[tuple[Grant, ...]] = []
        for at, rule in enumerate(self.rules):
            key = tuple(
                (grant.kind in {"deny", "waiver"}, grant.credits, grant.amount, grant.max_amount, grant.steps, grant.outcome if grant.credits == "catalogue" else "")
                for grant in rule.grants
            )  # fmt: skip
            if key not in found:
                found[key] = len(found)
                examples.append(rule.grants)
            numbers[at] = found[key]
        return numbers, examples

    @cached_property
    def has_groups(self) -> bool:
        """Whether some rule asks for several records that the kernel joins."""
        return bool((self.slots > 1).any())

    @cached_property
    def has_denials(self) -> bool:
        """Whether some rule denies, or is pending."""
        return any(rule.grants[0].kind in {"deny", "pending"} for rule in self.rules)

    @cached_property
    def first_kind(self) -> np.ndarray:
        return np.array([KIND_ORDER.index(rule.grants[0].kind) for rule in self.rules], dtype=np.int8)


def _item(text: str) -> str:
    """What a checklist asks for; the days that it may come later stand behind a colon."""
    name, _colon, days = text.rpartition(":")
    return name if days.isdecimal() else text


def _column(numbers: Iterable[int]) -> np.ndarray:
    return np.fromiter(numbers, dtype=np.int32)
