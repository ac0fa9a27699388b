"""What lint stands on: the rules with everything they may refer to, looked up by key so that nothing grows with the square of the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from creditbank.rules.amounts import ratio_between
from creditbank.rules.exceptions import NoRate
from creditbank.rules.types import (
    POSTING,
    TRUST_RANK,
    Agreement,
    GradeScale,
    Grant,
    Leaf,
    Limit,
    Node,
    Outcome,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
    Target,
)

ABOUT = ("outcome", "dup_class", "common_id", "source_type", "category", "subject", "issuer", "system")
"""Fields of a leaf that say which records it is about; the others are conditions."""
MOST_WAYS = 50
"""Alternatives of one left side that are compared with other rules."""
NOTHING = Fraction(0)
Seat = tuple[str, RequirementLeaf, RequirementLeaf]
"""A target's code, a leaf of it, and the same leaf if it asked for no level."""


@dataclass(frozen=True)
class Ground:
    """A rule base under lint: active rules, limits, programmes, and what else is known. None means: not known, so not checked."""

    base: RuleBase
    limits: tuple[Limit, ...] = ()
    targets: tuple[Target, ...] = ()
    known: frozenset[str] | None = None
    institutions: frozenset[str] | None = None
    on: date | None = None
    archive: tuple[Sequence[RecordFacts], ...] = ()
    signatures: tuple[tuple[str, str, str], ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.base.rules if rule.status == "active")

    @cached_property
    def versions(self) -> dict[str, list[Outcome]]:
        """All versions of an outcome by its code or another name of it."""
        found: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.base.outcomes:
            for code in {outcome.code, *outcome.codes, *outcome.aliases}:
                found[code].append(outcome)
        return found

    @cached_property
    def classes(self) -> frozenset[str]:
        """Names by which outcomes are the same: classes, cross-listings, common ids, and the outcomes themselves."""
        named = ({one.class_key, one.common_id, one.cross_list, one.code} for one in self.base.outcomes)
        return frozenset(name for names in named for name in names if name)

    @cached_property
    def agreements(self) -> dict[str, Agreement]:
        return {agreement.code: agreement for agreement in reversed(self.base.agreements)}

    @cached_property
    def _scales(self) -> dict[str, GradeScale]:
        return {scale.institution: scale for scale in reversed(self.base.scales)}

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], dict[str, int]]:
        return {
            (scale.code, scale.institution): {grade.label: grade.rank for grade in reversed(scale.grades)} for scale in self.base.scales
        }

    def scale_of(self, leaf: Leaf, label: str = "") -> GradeScale | None:
        """The scale that a grade names (``ECTS:C``), else that of the institution that a leaf is about, else the one for everybody."""
        code, colon, _label = label.partition(":")
        if colon and code in self._scales_by_code:
            return self._scales_by_code[code]
        return self._scales.get(self.owner_of(leaf)) or self._scales.get("")

    @cached_property
    def _scales_by_code(self) -> dict[str, GradeScale]:
        return {scale.code: scale for scale in reversed(self.base.scales)}

    def owner_of(self, leaf: Leaf) -> str:
        """The institution that a leaf is about; empty where it does not say."""
        about = self.versions.get(leaf.outcome)
        return leaf.issuer or (about[0].owner if about else "")

    def rank(self, leaf: Leaf, label: str) -> Fraction | None:
        """Where a grade stands on its scale; a number by itself where there is no scale; None for anything else."""
        scale = self.scale_of(leaf, label)
        if scale is not None:
            named = label.partition(":")[2] if label.startswith(f"{scale.code}:") else label
            rank = self._ranks[scale.code, scale.institution].get(named)
            return None if rank is None else Fraction(rank)
        try:
            return Fraction(label)
        except (ValueError, ZeroDivisionError):
            return None

    @cached_property
    def _ratios(self) -> dict[tuple[str, str], Fraction | None]:
        return {}

    def ratio(self, source: str, target: str) -> Fraction | None:
        """Credits of the target unit for one of the source; 1 where a unit is not named, None without a rate."""
        if not source or not target or source == target:
            return Fraction(1)
        if (source, target) not in self._ratios:
            try:
                self._ratios[source, target] = ratio_between(self.base, source, target)
            except NoRate:
                self._ratios[source, target] = None
        return self._ratios[source, target]

    @cached_property
    def steps(self) -> dict[str, Fraction]:
        """The step of every unit."""
        return {system.code: Fraction(system.step) for system in self.base.systems}

    @cached_property
    def _by_code(self) -> dict[str, Target]:
        return {target.code: target for target in self.targets}

    def in_scope(self, rule: Rule) -> tuple[Target, ...]:
        """Programmes that a rule holds for, as far as they are known."""
        if not rule.programmes:
            return self.targets
        return tuple(self._by_code[code] for code in rule.programmes if code in self._by_code)

    @cached_property
    def _seats(self) -> tuple[dict[str, list[Seat]], dict[str, list[Seat]], list[Seat]]:
        """Leaves of all targets by outcome, by subject, and those that name neither."""
        by_outcome: dict[str, list[Seat]] = defaultdict(list)
        by_subject: dict[str, list[Seat]] = defaultdict(list)
        free: list[Seat] = []
        for target in self.targets:
            for leaf in target.seats():
                seat = target.code, leaf, replace(leaf, level=None)
                for code in leaf.outcomes:
                    by_outcome[code].append(seat)
                for subject in leaf.subjects:
                    by_subject[subject].append(seat)
                if (not leaf.outcomes and not leaf.subjects) or leaf.elective:
                    free.append(seat)
        return by_outcome, by_subject, free

    def seats_for(self, grant: Grant, rule: Rule) -> Iterator[RequirementLeaf]:
        """Leaves in scope that a grant could sit in if levels asked nothing."""
        by_outcome, by_subject, free = self._seats
        about = self.base.outcome(grant.outcome)
        subjects = {grant.subject, *(about.subjects if about else ())} - {""}
        found = [*free, *(seat for code in grant.outcome.split(";") for seat in by_outcome.get(code, ()))]
        found += [seat for subject in subjects for seat in by_subject.get(subject, ())]
        for code, leaf, loose in found:
            if (not rule.programmes or code in rule.programmes) and loose.accepts(grant, about):
                yield leaf

    def targets_for(self, grant: Grant, codes: Collection[str]) -> Iterator[str]:
        """Targets among these in which a grant finds a seat."""
        by_outcome, by_subject, free = self._seats
        about = self.base.outcome(grant.outcome)
        subjects = {grant.subject, *(about.subjects if about else ())} - {""}
        found = [*free, *(seat for code in grant.outcome.split(";") for seat in by_outcome.get(code, ()))]
        found += [seat for subject in subjects for seat in by_subject.get(subject, ())]
        for code, leaf, _loose in found:
            if code in codes and leaf.accepts(grant, about):
                yield code

    @cached_property
    def by_property(self) -> dict[str, dict[str, list[Outcome]]]:
        """Outcomes of the catalogue by the properties that a leaf may name instead of them."""
        found: dict[str, dict[str, list[Outcome]]] = {name: defaultdict(list) for name in ABOUT}
        for outcome in self.base.outcomes:
            own = (
                ("dup_class", outcome.class_key), ("common_id", outcome.common_id), ("issuer", outcome.owner), ("category", outcome.category),
                ("source_type", outcome.source_type), ("system", outcome.system), *(("subject", subject) for subject in outcome.subjects),
            )  # fmt: skip
            for name, value in own:
                found[name][value].append(outcome)
        return found

    @cached_property
    def loose_subjects(self) -> frozenset[str]:
        """Subjects in which rules give credit without a course; there may be any number of it."""
        free = {"unassigned", "block"}
        return frozenset(grant.subject for rule in self.rules for grant in rule.grants if grant.kind in free and grant.subject)

    def codes_of_subjects(self, subjects: Collection[str]) -> Iterator[str]:
        """Outcomes of the catalogue in any of these subjects."""
        for subject in subjects:
            yield from (outcome.code for outcome in self.by_property["subject"].get(subject, ()))

    @cached_property
    def dearest(self) -> dict[str, Fraction]:
        """The most that one rule gives for an outcome by a fixed amount, which may be more than the catalogue's."""
        found: dict[str, Fraction] = {}
        for rule in self.rules:
            for grant in rule.grants:
                most = most_of(grant, None, self.base)
                if grant.outcome and most is not None:
                    found[grant.outcome] = max(found.get(grant.outcome, Fraction(0)), most)
        return found

    def units_of(self, rule: Rule, grant: Grant) -> set[str]:
        """Units in which a grant may be posted: that of its outcome, else those of the programmes in scope; empty where nothing says."""
        about = self.base.outcome(grant.outcome)
        if about is not None and about.system:
            return {about.system}
        return {target.system for target in self.in_scope(rule) if target.system}


def placed(node: Node, path: str = "1") -> Iterator[tuple[str, Node]]:
    """Every node of a left side with its position: 1, 1.1, 1.2 …"""
    yield path, node
    for at, child in enumerate(node.children, start=1):
        yield from placed(child, f"{path}.{at}")


def about_of(leaf: Leaf) -> tuple[str, ...]:
    """Which records a leaf is about, as a key."""
    return tuple(getattr(leaf, name) for name in ABOUT)


def ways(rule: Rule) -> list[tuple[Leaf, ...]]:
    """The sets of leaves of which each satisfies a plain left side: a leaf, ALL of leaves, or ANY of these; empty for anything else."""
    branches = rule.lhs.children if rule.lhs.kind == "any" else (rule.lhs,)
    found = [_together(branch) for branch in branches[:MOST_WAYS]]
    return [leaves for leaves in found if leaves]


def _together(node: Node) -> tuple[Leaf, ...]:
    if node.kind == "leaf" and node.leaf is not None:
        return (node.leaf,)
    wanted = [child for child in node.children if child.kind != "not"]
    if node.kind != "all" or any(child.kind != "leaf" for child in wanted):
        return ()
    return tuple(sorted((child.leaf for child in wanted if child.leaf), key=about_of))


def names_of(leaves: Sequence[Leaf]) -> str:
    """Leaves as a finding names them."""
    return "; ".join(leaf.outcome or leaf.common_id or leaf.dup_class or " ".join(filter(None, about_of(leaf))) for leaf in leaves)


def rank_of(rule: Rule) -> tuple[int, int]:
    """What comes first: the greater precedence, then the smaller priority number. A smaller key wins."""
    return -rule.precedence, rule.priority


def scopes_meet(first: Rule, second: Rule) -> bool:
    """Whether one person and programme could be in the scope of both."""
    for one, other in ((first.programmes, second.programmes), (first.fields, second.fields), (first.cohorts, second.cohorts)):
        if one and other and not set(one) & set(other):
            return False
    plain = not (first.learner or second.learner or first.fields or second.fields)
    return plain or not _exclude(first, second)


def _exclude(first: Rule, second: Rule) -> bool:
    """Whether what one asks of the learner or field, the other refuses."""
    return any(
        bool(set(one.learner) & set(other.not_learner)) or (len(one.fields) > 0 and set(one.fields) <= set(other.not_fields))
        for one, other in ((first, second), (second, first))
    )


def windows_meet(first: Rule, second: Rule) -> bool:
    """Whether one day lies in both windows; windows of different dates may always meet."""
    if first.window_date != second.window_date:
        return True
    return max(first.window_from or date.min, second.window_from or date.min) <= min(
        first.window_to or date.max, second.window_to or date.max
    )


Span = tuple[Fraction | None, Fraction | None]


def score_span(leaf: Leaf) -> Span:
    """The scores that a leaf takes; None is open."""
    return _exact(leaf.min_score), _exact(leaf.max_score)


def _exact(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def grade_line(leaf: Leaf, ground: Ground) -> str:
    """The scale on which a leaf's grades are compared; ranges on different scales cannot be."""
    codes = {scale.code for label in (leaf.min_grade, leaf.max_grade) if label and (scale := ground.scale_of(leaf, label))}
    return ", ".join(sorted(codes))


def grade_span(leaf: Leaf, ground: Ground) -> Span:
    """The ranks of grades that a leaf takes; None is open or not known."""
    return tuple(ground.rank(leaf, label) if label else None for label in (leaf.min_grade, leaf.max_grade))  # type: ignore[return-value]


def spans_meet(first: Span, second: Span) -> bool:
    """Whether two ranges have a value in common."""
    (low, high), (lower, higher) = first, second
    return (low is None or higher is None or low <= higher) and (lower is None or high is None or lower <= high)


def leaf_implies(strict: Leaf, loose: Leaf, ground: Ground) -> bool:
    """Whether every record that satisfies ``strict`` also satisfies ``loose``."""
    return all(_field_implies(item.name, strict, loose, ground) for item in fields(Leaf) if item.name != "age_at")


def _field_implies(name: str, strict: Leaf, loose: Leaf, ground: Ground) -> bool:
    has, asks = getattr(strict, name), getattr(loose, name)
    if asks in {None, "", False} or (has == asks and (name != "max_age_months" or strict.age_at == loose.age_at)):
        return True
    if name == "trust":
        return TRUST_RANK[strict.trust] >= TRUST_RANK[loose.trust]
    if has in {None, "", False} or name in ABOUT:
        return False
    if name in {"min_grade", "max_grade"}:
        one, other = ground.rank(strict, has), ground.rank(loose, asks)
        if ground.scale_of(strict, has) != ground.scale_of(loose, asks):
            return False
        return one is not None and other is not None and (one >= other if name == "min_grade" else one <= other)
    if name == "max_age_months":
        return bool(strict.age_at == loose.age_at and has <= asks)
    if name.startswith("min_"):
        return bool(has >= asks)
    return bool(name.startswith("max_") and has <= asks)


def most_of(grant: Grant, worth: Fraction | None, base: RuleBase, best_score: Decimal | None = None) -> Fraction | None:
    """The most that a grant may amount to; None where it cannot be said. ``worth`` is that of the sources in the grant's unit."""
    if grant.credits == "fixed":
        return Fraction(grant.amount)
    if grant.credits == "steps":
        reached = [amount for score, amount in grant.steps if best_score is None or score <= best_score]
        return Fraction(max(reached, default=Decimal(0)))
    if grant.credits == "catalogue":
        listed = [base.outcome(code) for code in grant.outcome.split(";")]
        known = [outcome.credits for outcome in listed if outcome is not None and outcome.credits is not None]
        return sum(map(Fraction, known), Fraction(0)) if len(known) == len(listed) else None
    if worth is None:
        return None
    return worth if grant.max_amount is None else min(worth, Fraction(grant.max_amount))


def given_by(
    rule: Rule, base: RuleBase, worth: Fraction | None = None, best_score: Decimal | None = None
) -> tuple[Fraction, Fraction] | None:
    """The most that a rule fills and posts; None where it cannot be said."""
    fills: list[Fraction] = []
    posts: list[Fraction] = []
    for grant in rule.grants:
        most = NOTHING if grant.kind in {"deny", "pending", "waiver"} else most_of(grant, worth, base, best_score)
        if most is None:
            return None
        fills.append(most)
        posts.append(most if grant.kind in POSTING else NOTHING)
    if len(fills) == 1:
        return fills[0], posts[0]
    taken = len(fills) if rule.offer == "all" else 1 if rule.offer == "any" else rule.offer_k
    return sum(sorted(fills, reverse=True)[:taken], NOTHING), sum(sorted(posts, reverse=True)[:taken], NOTHING)


def said(value: Fraction) -> str:
    """A fraction as people read it: 47/16, or 3."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def chosen(items: Collection[str], most: int = 20) -> tuple[str, ...]:
    """The first so many of a sorted list of ids: a finding about thousands names some of them and says how many there are."""
    return tuple(sorted(items)[:most])
