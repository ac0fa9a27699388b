"""Why a record was not used: reasons made while deciding, the one of the rule that came furthest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from creditbank.rules.candidates import Sieve
from creditbank.rules.counting import Counted
from creditbank.rules.giving import Candidate, Given
from creditbank.rules.limits import buckets_of, covers, is_constraint, limit_bound, occupied
from creditbank.rules.model import Part, left_of, steps
from creditbank.rules.objective import has_need, need_of, required_of
from creditbank.rules.optimum import Choice, grant_of, limit_uses
from creditbank.rules.pools import candidate_of
from creditbank.rules.types import Facts, Limit, Reason, RecordFacts, RequirementLeaf, RuleBase, Unused

STAGES = (
    "not_available", "already_used", "expired", "not_eligible", "no_rule", "out_of_scope", "not_convertible", "outside_window", "too_old",
    "evidence_missing", "rule_failed", "no_rate", "denied", "pending", "shadowed", "too_many_matches", "duplicate_of", "limit_full",
    "dominated", "not_needed",
)  # fmt: skip
"""How far a rule came with a record; the headline is the reason of the rule that came furthest."""

GATES = ("not_available", "already_used", "expired", "not_eligible")


class Explainer:
    """Explains one finished decision."""

    def __init__(
        self, facts: Facts, base: RuleBase, limits: tuple[Limit, ...], sieved: Sieve, choice: Choice, step: Decimal, on: date
    ) -> None:
        self.facts, self.base, self.limits, self.sieved, self.choice, self.step = facts, base, limits, sieved, choice, step
        self.on = on
        self.taken = choice.taken()
        self.used = {ident: index for index in self.taken for ident in choice.candidates[index].match.ids}
        self.classes = {record.class_key: record.id for index in self.taken for record in choice.candidates[index].match.records}
        self.uses = {(limit.id, bucket): used for limit in limits for bucket, used in occupied(limit, facts.earlier, base).items()}
        self.uses |= {(use.limit, use.bucket): use.used for use in limit_uses(choice, facts, base, limits, step)}

    def unused(self) -> tuple[Unused, ...]:
        """Every record that is not used, or not used up, with all reasons, the headline first."""
        by_record: dict[str, dict[tuple[str, int, tuple[str, ...]], Candidate]] = {}
        for index, candidate in enumerate(self.choice.candidates):
            if index not in self.taken and not candidate.slot:
                for ident in candidate.match.ids:  # of one that splits its record the smallest part is asked
                    by_record.setdefault(ident, {}).setdefault((candidate.rule.id, candidate.offer, candidate.match.ids), candidate)
        rows = []
        for record in self.facts.records:
            candidates = list(by_record.get(record.id, {}).values())
            if record.id in self.used:
                rows += self._rest(record, candidates)
                continue
            reasons = list(self.sieved.reasons.get(record.id, ()))
            reasons += [self._why_not(candidate) for candidate in candidates]
            reasons += [self._why_not_counted(one, record) for one in self.sieved.counted if record.id in one.fits]
            rows.append(Unused(record.id, headline_first(reasons or [self._no_rule(record)])))
        return tuple(rows)

    def _rest(self, record: RecordFacts, candidates: list[Candidate]) -> list[Unused]:
        """What is left of a record that was split, and why nobody takes it."""
        used = [self.choice.candidates[index].consumed for index in self.taken if record.id in self.choice.candidates[index].match.ids]
        left = left_of(record) - sum((amount for amount in used if amount is not None), Decimal(0))
        if None in used or left <= 0:
            return []
        own = [candidate for candidate in candidates if candidate.consumed is not None and candidate.consumed <= left]
        full = [self._full_limit(one) for one in own if any(self._would_gain(given) for given in one.given)]
        seats = dict.fromkeys(path for one in own for given in one.given for path in given.seats)
        not_needed = Reason("not_needed", data=(("leaf", ", ".join(seats) or "no leaf accepts"), ("left", _text(left))))
        return [Unused(record.id, headline_first([reason for reason in full if reason is not None] or [not_needed]))]

    def _why_not_counted(self, counted: Counted, record: RecordFacts) -> Reason:
        """The local test for a rule that counts: a set with this record, of records that nothing uses where there are enough."""
        classes = {one.id: one.class_key for one in counted.records}
        ids = counted.completed(record.id, lambda ident: ident not in self.used and classes[ident] not in self.classes)
        if ids is None:
            return Reason("rule_failed", counted.rule.id, (("field", "k_of_n"), ("has", "—"), ("needs", "—")))
        return self._why_not(candidate_of(counted, ids, self.facts, self.base, self.on))

    def _no_rule(self, record: RecordFacts) -> Reason:
        return Reason("no_rule", data=(("outcome", record.outcome), ("target", self.facts.target.code)))

    def _why_not(self, candidate: Candidate) -> Reason:
        """The local test: add the candidate to the finished solution and see what breaks."""
        if any(self._would_gain(given) for given in candidate.given):
            full = self._full_limit(candidate)
            if full is not None:
                return full
        for ident in candidate.match.ids:
            if ident in self.used:
                winner = self.choice.candidates[self.used[ident]]
                return Reason("dominated", candidate.rule.id, (("by_rule", winner.rule.id), ("record", ident)))
        others = dict(self.classes)
        for own in candidate.match.records:
            if own.class_key in others:
                data = (("record", others[own.class_key]), ("class", own.class_key))
                return Reason("duplicate_of", candidate.rule.id, data)
            others[own.class_key] = own.id
        seats = [path for given in candidate.given for path in given.seats or ((given.waives,) if given.waives else ())]
        return Reason("not_needed", candidate.rule.id, (("leaf", ", ".join(dict.fromkeys(seats)) or "no leaf accepts"),))

    def _would_gain(self, given: Given) -> bool:
        """Whether some seat still has room, so that more would count, or a requirement that it waives is not yet done."""
        if given.waives:
            return given.waives in required_of(self.facts.target) and given.waives not in self.choice.done
        return any(leaf.path in given.seats and self._has_room(leaf) for leaf in self.facts.target.seats())

    def _has_room(self, leaf: RequirementLeaf) -> bool:
        here = [self.choice.posted[seat[:3]] for seat in self.choice.seats if seat[3] == leaf.path]
        if leaf.need_courses is not None:
            return len(here) < leaf.need_courses
        need = need_of(leaf, dict(self.facts.attributes)) if has_need(leaf) else None
        return need is None or sum(here) < steps(need, self.step)

    def _full_limit(self, candidate: Candidate) -> Reason | None:
        for limit in self.limits:
            bound = limit_bound(limit, self.facts, self.step)
            counted = [given for given in candidate.given if (given.seats or given.waives) and covers(limit, candidate.lead, given.grant)]
            if not counted or bound is None or not is_constraint(limit):
                continue
            for bucket in buckets_of(limit, candidate.lead, self.base):
                reason = self._over(limit, bucket, bound, candidate, counted)
                if reason is not None:
                    return reason
        return None

    def _over(self, limit: Limit, bucket: str, bound: Decimal, candidate: Candidate, counted: Sequence[Given]) -> Reason | None:
        used = self.uses.get((limit.id, bucket), Decimal(0))
        posts = sum((given.amount for given in counted if given.posts), Decimal(0))
        wanted = {"credits": posts, "grants": Decimal(len(counted)), "records": Decimal(len(candidate.match.ids))}[limit.measure]
        if used + wanted <= bound:
            return None
        release = "; ".join(self._release(limit, bucket, used + wanted - bound))
        data = (
            ("limit", limit.id), ("bucket", bucket), ("bound", _text(bound)), ("used", _text(used)), ("slack", _text(bound - used)),
            ("amount", _text(wanted)), ("release", release),
        )  # fmt: skip
        return Reason("limit_full", candidate.rule.id, data)

    def _release(self, limit: Limit, bucket: str, excess: Decimal) -> list[str]:
        """The fewest used records in the bucket whose removal would make room, largest first, ties by name."""
        inside: list[tuple[Decimal, tuple[str, ...]]] = []
        for part, amount in self.choice.posted.items():
            other = self.choice.candidates[part[0]]
            if covers(limit, other.lead, grant_of(other, part)) and bucket in buckets_of(limit, other.lead, self.base):
                inside.append((-(amount * self.step if limit.measure == "credits" else Decimal(1)), other.match.ids))
        freed, names = Decimal(0), []
        for weight, ids in sorted(inside):
            if freed >= excess:
                break
            freed -= weight
            names += list(ids)
        return sorted(names)


def headline_first(reasons: list[Reason]) -> tuple[Reason, ...]:
    """A gate of the record itself comes before everything; else the rule that came furthest, then the smallest rule id.

    A rule for which a record is too old came no further, whatever else it asks.
    """
    aged = {reason.rule for reason in reasons if reason.code == "too_old"}

    def order(reason: Reason) -> tuple[int, int, str, bool, tuple[tuple[str, str], ...]]:
        gate = 0 if reason.code in GATES else 1
        stage = STAGES.index("too_old" if reason.code == "rule_failed" and reason.rule in aged else reason.code)
        return gate, stage if gate == 0 else -stage, reason.rule, reason.code != "too_old", reason.data

    return tuple(sorted(dict.fromkeys(reasons), key=order))


def cut_reasons(choice: Choice, limits: tuple[Limit, ...], step: Decimal) -> dict[Part, Reason]:
    """Grants that a limit has cut: how much was worth, how much was posted, and by which limit."""
    found = {}
    for part, amount in choice.posted.items():
        candidate = choice.candidates[part[0]]
        given = next(given for given in candidate.given if given.number == part[1])
        if not given.posts or amount * step >= given.amount:
            continue
        code = "subject_only" if part in choice.keeps_fill else "truncated"
        cutter = next((limit.id for limit in limits if _may_cut(limit, candidate, given)), "")
        data = (("limit", cutter), ("amount", _text(given.amount)), ("posted", _text(amount * step)))
        found[part] = Reason(code, candidate.rule.id, data)
    return found


def _may_cut(limit: Limit, candidate: Candidate, given: Given) -> bool:
    return is_constraint(limit) and limit.measure == "credits" and covers(limit, candidate.lead, given.grant)


def _text(value: Decimal) -> str:
    """A number without needless zeros, so that equal numbers are equal text."""
    return format(value.normalize(), "f") if value else "0"
