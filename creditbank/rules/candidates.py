"""From records and rules to candidates: who may be used, what each rule would give, and why the others give nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from creditbank.rules.amounts import consumed_minutes, exact_worth, grant_amount, ratio_between
from creditbank.rules.compiled import compiled
from creditbank.rules.dates import in_window
from creditbank.rules.exceptions import BadRule, NoRate
from creditbank.rules.leaves import grade_rank, judge_leaf, names_record
from creditbank.rules.matches import MATCH_CAP, Judge, Match, TooManyMatches, find_matches
from creditbank.rules.scales import mapped_grade
from creditbank.rules.scope import person_fault, scope_fault
from creditbank.rules.snapshot import plain
from creditbank.rules.types import (
    KIND_ORDER,
    POSTING,
    TRUST_RANK,
    Condition,
    Facts,
    Grant,
    Leaf,
    Reason,
    RecordFacts,
    RequirementLeaf,
    Rule,
    RuleBase,
)


@dataclass(frozen=True)
class Given:
    """One grant of a candidate with its amount on the step, the exact value, and the seats (leaf paths) that accept it.

    ``posts`` says whether the amount moves in the ledger; a grant without a need for a seat (a waiver) has none.
    """

    number: int
    grant: Grant
    amount: Decimal
    exact: Fraction
    seats: tuple[str, ...]
    posts: bool = True
    grade: str = ""

    @property
    def waives(self) -> str:
        """The path of the node that it makes done, for a waiver."""
        return self.grant.outcome if self.grant.kind == "waiver" else ""


@dataclass(frozen=True)
class Candidate:
    """A rule, a match, one of the rule's offers, and what it would give."""

    rule: Rule
    match: Match
    given: tuple[Given, ...]
    lead: RecordFacts
    ratio: Fraction | None
    offer: int = 1

    @property
    def key(self) -> tuple[str, tuple[str, ...], int]:
        return self.rule.id, self.match.ids, self.offer

    @property
    def rank_key(self) -> tuple[int, int, int]:
        """Precedence first (higher wins), then priority, then the kind of the first grant."""
        return -self.rule.precedence, self.rule.priority, KIND_ORDER.index(self.given[0].grant.kind)

    @property
    def is_useful(self) -> bool:
        """Whether anything of it could be placed: a seat, or a node that it waives."""
        return any(given.seats or given.waives for given in self.given)


@dataclass
class Sieve:
    """What came through, and a reason for everything that did not."""

    candidates: list[Candidate] = field(default_factory=list)
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))
    complete: bool = True


def sieve(facts: Facts, base: RuleBase, *, on: date) -> Sieve:
    """Candidates of all rules, after eligibility, windows, conditions, convertibility, denial and shadowing."""
    result = Sieve()
    fault = person_fault(facts, base)
    eligible = [record for record in facts.records if _is_eligible(record, facts, on, fault, result)]
    known = [record for record in facts.records if TRUST_RANK[record.trust] >= TRUST_RANK["verified"]]
    question = _Question(facts, base, on, eligible, known)
    for rule in compiled(base).rules_for(eligible):
        _apply_rule(rule, question, result)
    _deny(result)
    _shadow(result)
    return result


@dataclass(frozen=True)
class _Question:
    """What every rule is asked against."""

    facts: Facts
    base: RuleBase
    on: date
    eligible: list[RecordFacts]
    known: list[RecordFacts]

    def judge(self, record: RecordFacts, leaf: Leaf) -> tuple[Condition, ...] | None:
        """Conditions of a record against a leaf, or None where the leaf is not about it."""
        if not names_record(record, leaf):
            return None
        return judge_leaf(record, leaf, self.base, on=self.on, applied_on=self.facts.applied_on)

    def worth(self, record: RecordFacts) -> Fraction:
        """Credits in the target's unit; nothing where no rate leads there."""
        system = self.base.system(self.facts.target.system)
        try:
            return exact_worth(self.base, [record], system) if system else Fraction(0)
        except NoRate:
            return Fraction(0)


def _is_eligible(record: RecordFacts, facts: Facts, on: date, fault: tuple[str, str, str] | None, result: Sieve) -> bool:
    reason = None
    used, held = dict(facts.used), dict(facts.held)
    if record.id in held:
        reason = Reason("not_available", data=(("state", "held"), ("application", held[record.id])))
    elif record.state != "available":
        reason = Reason("not_available", data=(("state", record.state), ("application", "")))
    elif record.id in used:
        reason = Reason("already_used", data=(("decision", used[record.id]),))
    elif record.valid_until is not None and record.valid_until < on:
        reason = Reason("expired", data=(("valid_until", record.valid_until.isoformat()), ("on", on.isoformat())))
    elif fault is not None:
        reason = Reason("not_eligible", data=(("condition", fault[0]), ("has", fault[1]), ("needs", fault[2])))
    if reason is not None:
        result.reasons[record.id].append(reason)
    return reason is None


def _apply_rule(rule: Rule, question: _Question, result: Sieve) -> None:
    fault = scope_fault(rule, question.facts)
    if fault is not None:
        _note(result, _named_by(rule, question.eligible), Reason("out_of_scope", rule.id, (("condition", fault[0]), ("has", fault[1]))))
        return
    usable = [record for record in question.eligible if _passes_gates(record, rule, question, result)]
    usable = [record for record in usable if _has_evidence(record, rule, question, result)]
    failed = _note_failures(rule, usable, question.judge, result)
    try:
        matches = find_matches(rule.lhs, usable, question.known, question.judge, question.worth)
    except TooManyMatches:
        _note(result, _named_by(rule, usable), Reason("too_many_matches", rule.id, (("cap", str(MATCH_CAP)),)))
        result.complete = False
        return
    _note_incomplete(rule, [record for record in usable if record.id not in failed], question.known, matches, question.judge, result)
    for match in matches:
        _add_candidates(rule, match, question, result)


def _named_by(rule: Rule, records: Iterable[RecordFacts]) -> list[RecordFacts]:
    return [record for record in records if _is_named(record, rule)]


def _is_named(record: RecordFacts, rule: Rule) -> bool:
    return any(names_record(record, leaf) for leaf in rule.lhs.wanted())


def _note(result: Sieve, records: Iterable[RecordFacts], reason: Reason) -> None:
    for record in records:
        result.reasons[record.id].append(reason)


def _passes_gates(record: RecordFacts, rule: Rule, question: _Question, result: Sieve) -> bool:
    """Convertibility and window, which hold for a record before any leaf is asked."""
    if not _is_named(record, rule):
        return False
    blocked = _unconvertible(record, rule, question)
    if blocked is not None:
        result.reasons[record.id].append(Reason("not_convertible", rule.id, (("from", blocked[0]), ("to", blocked[1]))))
        return False
    for kind, day, first, last in _windows(record, rule, question):
        if day is None or not in_window(day, first, last):
            data = (
                ("date_kind", kind), ("date", day.isoformat() if day else "…"), ("from", first.isoformat() if first else "…"),
                ("to", last.isoformat() if last else "…"),
            )  # fmt: skip
            result.reasons[record.id].append(Reason("outside_window", rule.id, data))
            return False
    return True


def _has_evidence(record: RecordFacts, rule: Rule, question: _Question, result: Sieve) -> bool:
    """Whether a record brings everything on the rule's checklist (``item``, or ``item:days`` after the application); age is said first."""
    items = [item.rpartition(":") if item.rpartition(":")[2].isdecimal() else (item, "", "") for item in rule.evidence]
    missing = [(name, days) for name, _colon, days in items if name not in record.evidence]
    judged = [question.judge(record, leaf) for leaf in rule.lhs.wanted()] if missing else []
    if not missing or all(any(one.name == "age" and not one.ok for one in conditions) for conditions in judged if conditions is not None):
        return True
    for name, days in missing:
        due = question.facts.applied_on + timedelta(days=int(days)) if days else question.on
        result.reasons[record.id].append(Reason("evidence_missing", rule.id, (("item", name), ("due", due.isoformat()))))
    return False


def _unconvertible(record: RecordFacts, rule: Rule, question: _Question) -> tuple[str, str] | None:
    """The pair of categories that may not be converted: from the record's into that of what is granted, else of the target."""
    for grant in rule.grants:
        if grant.kind in {"deny", "pending", "waiver"}:
            continue
        about = question.base.outcome(grant.outcome)
        pair = (record.category, about.category if about and about.category else question.facts.target.category)
        if pair[0] == pair[1] or pair in question.base.convertible:
            continue
        if pair in question.base.partly_convertible and any(leaf.outcome == record.outcome for leaf in rule.lhs.wanted()):
            continue
        return pair
    return None


def _windows(record: RecordFacts, rule: Rule, question: _Question) -> Iterator[tuple[str, date | None, date | None, date | None]]:
    """The rule's own window, and that of its agreement."""
    facts = question.facts
    day = {"earned": record.earned_on, "applied": facts.applied_on, "admitted": facts.admitted_on or facts.applied_on}.get(rule.window_date)
    if rule.window_date == "cohort":
        day = date(int(facts.cohort), 1, 1) if facts.cohort.isdecimal() and len(facts.cohort) == 4 else None  # noqa: PLR2004  a year
    if rule.window_from or rule.window_to:
        yield rule.window_date, day, rule.window_from, rule.window_to
    agreement = next((one for one in question.base.agreements if one.code == rule.agreement), None)
    if agreement is not None and (agreement.window_from or agreement.window_to):
        yield rule.window_date, day, agreement.window_from, agreement.window_to


def _note_failures(rule: Rule, records: list[RecordFacts], judge: Judge, result: Sieve) -> set[str]:
    """A record named by leaves that it does not satisfy hears which conditions failed; an age that is over has a code of its own."""
    failed = set()
    for record in records:
        judged = [judge(record, leaf) for leaf in rule.lhs.wanted()]
        about = [conditions for conditions in judged if conditions is not None]
        if any(all(condition.ok for condition in conditions) for conditions in about):
            continue
        failed.add(record.id)
        for condition in about[0]:
            if not condition.ok:
                code = "too_old" if condition.name == "age" else "rule_failed"
                data = (("field", condition.name), ("has", _text(condition.has)), ("needs", _text(condition.needs)))
                result.reasons[record.id].append(Reason(code, rule.id, data))
    return failed


def _note_incomplete(
    rule: Rule, records: list[RecordFacts], known: list[RecordFacts], matches: list[Match], judge: Judge, result: Sieve
) -> None:
    """A record that satisfies its leaf of a larger left side misses the others, or meets one that excludes it."""
    matched = {record.id for match in matches for record in match.records}
    forbidding = sorted(record.outcome for record in known if any(_satisfies(record, leaf, judge) for leaf in rule.lhs.forbidden()))
    missing = [leaf.outcome for leaf in rule.lhs.wanted() if leaf.outcome and not any(_satisfies(one, leaf, judge) for one in records)]
    for record in records:
        if record.id in matched:
            continue
        if missing or not forbidding:
            data = (("field", "missing_record"), ("has", record.outcome), ("needs", ", ".join(missing) or "—"))
        else:
            data = (("field", "forbidden_record"), ("has", ", ".join(forbidding)), ("needs", "—"))
        result.reasons[record.id].append(Reason("rule_failed", rule.id, data))


def _satisfies(record: RecordFacts, leaf: Leaf, judge: Judge) -> bool:
    conditions = judge(record, leaf)
    return conditions is not None and all(condition.ok for condition in conditions)


def _add_candidates(rule: Rule, match: Match, question: _Question, result: Sieve) -> None:
    system = question.base.system(question.facts.target.system)
    if rule.grants[0].kind == "pending":
        _note(result, match.records, Reason("pending", rule.id, (("since", rule.since.isoformat() if rule.since else "…"),)))
        return
    if system is None or not match.records:
        return
    base = question.base
    lead = min(match.records, key=lambda record: (-consumed_minutes(base, record), -record.earned_on.toordinal(), record.id))
    try:
        by_rate = any(grant.credits == "rate" for grant in rule.grants) and lead.system
        ratio = ratio_between(base, lead.system, question.facts.target.system) if by_rate else None
        for offer, numbers in enumerate(_offers(rule), start=1):
            given = tuple(_give(number, rule.grants[number - 1], match, lead, question) for number in numbers)
            result.candidates.append(Candidate(rule, match, given, lead, ratio, offer))
    except NoRate as error:
        _note(result, match.records, Reason("no_rate", rule.id, (("from", error.source), ("to", error.target))))
    except BadRule:
        data = (("field", "amount"), ("has", "—"), ("needs", str(system.step)))
        _note(result, match.records, Reason("rule_failed", rule.id, data))


def _offers(rule: Rule) -> list[tuple[int, ...]]:
    """Which grants go together, by number: all of them, or one offer for each choice, in the order of combinations."""
    numbers = range(1, len(rule.grants) + 1)
    if rule.offer == "all":
        return [tuple(numbers)]
    return list(combinations(numbers, 1 if rule.offer == "any" else rule.offer_k))


def _give(number: int, grant: Grant, match: Match, lead: RecordFacts, question: _Question) -> Given:
    facts, base = question.facts, question.base
    system = base.system(facts.target.system)
    assert system is not None  # noqa: S101  the caller has asked
    if grant.kind in {"deny", "waiver"}:
        return Given(number, grant, Decimal(0), Fraction(0), (), posts=False)
    amount, exact = grant_amount(base, grant, match.records, system)
    about = base.outcome(grant.outcome)
    owner = about.owner if about and about.owner else facts.target.owner
    grade = _grade_given(grant, lead, base, owner)
    seats = tuple(
        seat.path
        for seat in facts.target.seats()
        if (seat.accepts(grant, about) or (not facts.target.leaves and grant.kind in POSTING)) and _grade_passes(seat, grade, base, owner)
    )
    useful = amount > 0 or any(seat.need_courses is not None for seat in facts.target.leaves if seat.path in seats)
    return Given(number, grant, amount, exact, seats if useful else (), posts=grant.kind in POSTING, grade=grade)


def _grade_given(grant: Grant, lead: RecordFacts, base: RuleBase, owner: str) -> str:
    """The grade that goes with a grant: the record's own, "pass", none, the highest of a table of scores that was reached, or the record's
    own on the scale of the institution that gives."""
    if grant.grade in {"", "keep"}:
        return lead.grade
    if grant.grade == "map":
        return mapped_grade(base, lead.grade, base.scale(lead.issuer), base.scale(owner))
    if grant.grade in {"pass", "none"}:
        return {"pass": "P", "none": ""}[grant.grade]
    rows = [row.partition(":") for row in grant.grade.split(";") if ":" in row]
    reached = [(Decimal(score), label) for score, _colon, label in rows if lead.score is not None and lead.score >= Decimal(score)]
    return max(reached)[1] if reached else ""


def _grade_passes(seat: RequirementLeaf, grade: str, base: RuleBase, owner: str) -> bool:
    if not seat.min_grade:
        return True
    has, needs = grade_rank(grade, owner, base), grade_rank(seat.min_grade, owner, base)
    return has is not None and needs is not None and has >= needs


def _deny(result: Sieve) -> None:
    """A denial strikes candidates with its records whose precedence and priority are equal or lower; a higher grant survives.

    A denial of one outcome takes away the grants of that outcome, and the candidate where nothing is left or everything was wanted.
    """
    denials = [candidate for candidate in result.candidates if candidate.given[0].grant.kind == "deny"]
    kept = []
    for candidate in result.candidates:
        if candidate.given[0].grant.kind == "deny":
            continue
        struck = [denial for denial in denials if _strikes(denial, candidate)]
        refused = {denial.given[0].grant.outcome for denial in struck}
        left = () if "" in refused else tuple(given for given in candidate.given if given.grant.outcome not in refused)
        if candidate.rule.all_or_nothing and len(left) < len(candidate.given):
            left = ()
        if left:
            kept.append(replace(candidate, given=left))
        else:
            data = (("by_rule", struck[0].rule.id), ("outcome", struck[0].given[0].grant.outcome))
            _note(result, candidate.match.records, Reason("denied", candidate.rule.id, data))
    result.candidates = kept


def _strikes(denial: Candidate, candidate: Candidate) -> bool:
    outcome = denial.given[0].grant.outcome
    stronger = denial.rank_key[:2] <= candidate.rank_key[:2]
    about = not outcome or any(given.grant.outcome == outcome for given in candidate.given)
    return stronger and about and set(denial.match.ids) <= set(candidate.match.ids)


def _shadow(result: Sieve) -> None:
    """Among candidates over the same records that could be placed, only the best by precedence, priority and kind stay.

    Offers of one rule never shadow each other.
    """
    best: dict[tuple[str, ...], Candidate] = {}
    for candidate in sorted((one for one in result.candidates if one.is_useful), key=lambda one: (one.rank_key, one.key)):
        best.setdefault(candidate.match.ids, candidate)
    kept = []
    for candidate in result.candidates:
        winner = best.get(candidate.match.ids)
        if winner is not None and candidate.rank_key > winner.rank_key and candidate.rule.id != winner.rule.id:
            _note(result, candidate.match.records, Reason("shadowed", candidate.rule.id, (("by_rule", winner.rule.id),)))
        else:
            kept.append(candidate)
    result.candidates = sorted(kept, key=lambda candidate: candidate.key)


def _text(value: object) -> str:
    if value is None:
        return "—"
    return str(plain(value))
