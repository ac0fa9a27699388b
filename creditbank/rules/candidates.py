"""From records and rules to candidates: who may be used, what each rule would give, and why the others give nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import partial

from creditbank.rules.amounts import grant_amount, ratio_between
from creditbank.rules.compiled import compiled
from creditbank.rules.counting import Assignment, Counted, Demand, Place, are_apart, demands_of, fitting
from creditbank.rules.dates import in_window
from creditbank.rules.exceptions import BadRule, NoRate
from creditbank.rules.giving import Candidate, Given, give, lead_of, offers
from creditbank.rules.leaves import is_about, step_of_exact
from creditbank.rules.matches import MATCH_CAP, Judge, Match, TooManyMatches, find_matches
from creditbank.rules.portions import MOST_PORTIONS, is_too_much, portions
from creditbank.rules.precedence import settle
from creditbank.rules.question import Question
from creditbank.rules.scope import person_fault, scope_fault
from creditbank.rules.snapshot import plain
from creditbank.rules.types import (
    TRUST_RANK,
    CreditSystem,
    Facts,
    Leaf,
    Node,
    Reason,
    RecordFacts,
    Rule,
    RuleBase,
)


@dataclass
class Sieve:
    """What came through, and a reason for everything that did not."""

    candidates: list[Candidate] = field(default_factory=list)
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))
    complete: bool = True
    counted: list[Counted] = field(default_factory=list)

    def has_said(self, record: RecordFacts, rule: Rule) -> bool:
        """Whether a rule has already said something of a record."""
        return any(reason.rule == rule.id for reason in self.reasons.get(record.id, ()))

    def leave_out(self, counted: Iterable[Counted]) -> None:
        """Rules that count and could be used in too many ways: they give nothing, and say so."""
        for one in counted:
            self.note(one.records, Reason("too_many_matches", one.rule.id, (("cap", str(MATCH_CAP)),)))
            self.counted.remove(one)
            self.complete = False

    def note(self, records: Iterable[RecordFacts], reason: Reason) -> None:
        """Keep a reason for some records."""
        for record in records:
            self.reasons[record.id].append(reason)


def sieve(facts: Facts, base: RuleBase, *, on: date) -> Sieve:
    """Candidates of all rules, after eligibility, windows, conditions, convertibility, denial and shadowing."""
    result = Sieve()
    fault = person_fault(facts, base)
    awarded = {record.class_key: record.id for one in facts.earlier for record in one.records}
    eligible = [record for record in facts.records if _is_eligible(record, facts, on, fault, result) and _is_new(record, awarded, result)]
    known = [record for record in facts.records if TRUST_RANK[record.trust] >= TRUST_RANK["verified"]]
    question = Question(facts, base, on, eligible, known)
    for rule in compiled(base).rules_for(eligible):
        _apply_rule(rule, question, result)
    result.candidates, result.counted = settle(result.candidates, result.counted, partial(_give_sample, question), result.note)
    return result


def _give_sample(question: Question, counted: Counted) -> tuple[Given, ...]:
    """What a counting candidate would give if this record led it, at least; what could be placed of it is all that is asked."""
    given = []
    for record in counted.records:
        ids = counted.completed(record.id, lambda _ident: True)
        records = counted.chosen(ids) if ids else [record]
        lead = lead_of(records, question.base)
        grants = [(number, counted.rule.grants[number - 1]) for number in counted.numbers]
        given += [give(number, grant, records, lead, question.facts, question.base) for number, grant in grants]
        if any(one.seats or one.waives for one in given):
            break
    return tuple(given)


def _is_eligible(record: RecordFacts, facts: Facts, on: date, fault: tuple[str, str, str] | None, result: Sieve) -> bool:
    reason = None
    used, held = dict(facts.used), dict(facts.held)
    if record.id in held:
        reason = Reason("not_available", data=(("state", "held"), ("application", held[record.id])))
    elif record.state != "available":
        reason = Reason("not_available", data=(("state", record.state), ("application", "")))
    elif record.id in used or (record.remaining is not None and record.remaining <= 0):
        reason = Reason("already_used", data=(("decision", used.get(record.id, "")),))
    elif record.valid_until is not None and record.valid_until < on:
        reason = Reason("expired", data=(("valid_until", record.valid_until.isoformat()), ("on", on.isoformat())))
    elif fault is not None:
        reason = Reason("not_eligible", data=(("condition", fault[0]), ("has", fault[1]), ("needs", fault[2])))
    if reason is not None:
        result.reasons[record.id].append(reason)
    return reason is None


def _is_new(record: RecordFacts, awarded: dict[str, str], result: Sieve) -> bool:
    """Whether nothing of its class was awarded before."""
    other = awarded.get(record.class_key, record.id)
    if other != record.id:
        result.reasons[record.id].append(Reason("duplicate_of", data=(("record", other), ("class", record.class_key))))
    return other == record.id


def _apply_rule(rule: Rule, question: Question, result: Sieve) -> None:
    fault = scope_fault(rule, question.facts)
    named = question.named_by(rule)
    if fault is not None:
        result.note(named, Reason("out_of_scope", rule.id, (("condition", fault[0]), ("has", fault[1]))))
        return
    usable = [record for record in named if _passes_gates(record, rule, question, result)]
    usable = [record for record in usable if _has_evidence(record, rule, question, result)]
    failed = _note_failures(rule, usable, question.judge, result)
    if _count(rule, usable, failed, question, result):
        return
    try:
        matches = find_matches(rule.lhs, usable, question.known, question.judge, question.worth)
    except TooManyMatches:
        result.note(_named_by(rule, usable), Reason("too_many_matches", rule.id, (("cap", str(MATCH_CAP)),)))
        result.complete = False
        return
    _note_incomplete(rule, [record for record in usable if record.id not in failed], question.known, matches, question.judge, result)
    for match in matches:
        _add_candidates(rule, match, question, result)


def _named_by(rule: Rule, records: Iterable[RecordFacts]) -> list[RecordFacts]:
    leaves = tuple(rule.lhs.wanted())
    return [record for record in records if any(is_about(record, leaf) for leaf in leaves)]


def _passes_gates(record: RecordFacts, rule: Rule, question: Question, result: Sieve) -> bool:
    """Convertibility and window, which hold for a record before any leaf is asked."""
    blocked = _unconvertible(record, rule, question)
    if blocked is not None:
        result.reasons[record.id].append(Reason("not_convertible", rule.id, (("from", blocked[0]), ("to", blocked[1]))))
        return False
    if rule.consume == "whole" and record.remaining is not None and record.credits is not None and record.remaining < record.credits:
        left = (("field", "credits"), ("has", _text(record.remaining)), ("needs", _text(record.credits)))
        result.reasons[record.id].append(Reason("rule_failed", rule.id, left))
        return False
    idle = _idle_agreement(rule, question)
    if idle:
        result.reasons[record.id].append(Reason("outside_window", rule.id, (("field", "agreement"), ("agreement", idle))))
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


def _has_evidence(record: RecordFacts, rule: Rule, question: Question, result: Sieve) -> bool:
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


def _unconvertible(record: RecordFacts, rule: Rule, question: Question) -> tuple[str, str] | None:
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


def _windows(record: RecordFacts, rule: Rule, question: Question) -> Iterator[tuple[str, date | None, date | None, date | None]]:
    """The rule's own window, and that of its agreement."""
    facts = question.facts
    day = {"earned": record.earned_on, "applied": facts.applied_on, "admitted": facts.admitted_on or facts.applied_on}.get(rule.window_date)
    if rule.window_date == "cohort":
        day = date(int(facts.cohort), 1, 1) if facts.cohort.isdecimal() and len(facts.cohort) == 4 else None  # noqa: PLR2004  a year
    if rule.window_from or rule.window_to:
        yield rule.window_date, day, rule.window_from, rule.window_to
    agreement = question.base.agreement(rule.agreement)
    first, last = (agreement.days(question.on) if agreement else None) or (None, None)
    if first or last:
        yield rule.window_date, day, first, last


def _idle_agreement(rule: Rule, question: Question) -> str:
    """The agreement of a rule that holds on no day; empty where there is none such."""
    agreement = question.base.agreement(rule.agreement)
    return agreement.code if agreement is not None and agreement.days(question.on) is None else ""


def _note_failures(rule: Rule, records: list[RecordFacts], judge: Judge, result: Sieve) -> set[str]:
    """A record named by leaves that it does not satisfy hears which conditions failed; an age that is over has a code of its own."""
    failed = set()
    for record in records:
        judged = [judge(record, leaf) for leaf in rule.lhs.wanted()]
        about = [conditions for conditions in judged if conditions is not None]
        if any(all(condition.ok for condition in conditions) for conditions in about):
            continue
        failed.add(record.id)
        came_furthest = min(about, key=lambda conditions: any(one.name == "age" and not one.ok for one in conditions))
        for condition in came_furthest:
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
    left = [record for record in records if record.id not in matched]
    if not left:
        return
    forbidding = _forbidding(rule, known, judge)
    missing = [leaf.outcome for leaf in rule.lhs.wanted() if leaf.outcome and not any(_satisfies(one, leaf, judge) for one in records)]
    for record in left:
        if missing or not forbidding:
            data = (("field", "missing_record"), ("has", record.outcome), ("needs", ", ".join(missing) or "—"))
        else:
            data = (("field", "forbidden_record"), ("has", ", ".join(forbidding)), ("needs", "—"))
        result.reasons[record.id].append(Reason("rule_failed", rule.id, data))


def _forbidding(rule: Rule, known: list[RecordFacts], judge: Judge) -> list[str]:
    """Outcomes of the records that stand under a NOT of the rule."""
    forbidden = rule.lhs.forbidden()
    return sorted(record.outcome for record in known if any(_satisfies(record, leaf, judge) for leaf in forbidden)) if forbidden else []


def _satisfies(record: RecordFacts, leaf: Leaf, judge: Judge) -> bool:
    conditions = judge(record, leaf)
    return conditions is not None and all(condition.ok for condition in conditions)


def _count(rule: Rule, usable: list[RecordFacts], failed: set[str], question: Question, result: Sieve) -> bool:
    """Add a rule that counts, and say why a record cannot take part; False where its sets have to be listed."""
    demands = demands_of(rule.lhs) if all(grant.kind != "deny" for grant in rule.grants) else None
    if demands is None:
        return False
    fits = _fits_of(rule, demands, usable, question, result)
    if not are_apart(demands, fits):
        return False
    records = tuple(record for record in usable if record.id in fits)
    together = _together(rule.lhs, records)
    counted = [
        Counted(
            rule, offer, numbers, demands, tuple(record for record in records if record.id in together),
            {ident: places for ident, places in fits.items() if ident in together},
            {record.id: question.worth(record) for record in records}, together,
        )
        for offer, numbers in enumerate(offers(rule), start=1)
    ]  # fmt: skip
    forbidding = _forbidding(rule, question.known, question.judge)
    possible = {
        record.id for record in records if record.id in together and not forbidding and counted[0].completed(record.id, lambda _ident: True)
    }
    for record in usable:
        if record.id not in failed | possible and not result.has_said(record, rule):
            result.note([record], _incomplete(rule, demands, counted[0], record, forbidding))
    if _is_pending(rule):
        since = rule.since.isoformat() if rule.since else "…"
        result.note([record for record in records if record.id in possible], Reason("pending", rule.id, (("since", since),)))
    elif possible and _is_on_step(rule, question, records, result):
        result.counted += counted
    return True


def _fits_of(
    rule: Rule, demands: tuple[Demand, ...], usable: list[RecordFacts], question: Question, result: Sieve
) -> dict[str, frozenset[Place]]:
    """Where each record fits; one that has no rate to the target's unit cannot be counted by credits, nor be given credit by rate."""
    fits, kept = fitting(demands, usable, question.judge), {}
    by_rate = any(grant.credits == "rate" for grant in rule.grants)
    for record in usable:
        places = fits.get(record.id, frozenset())
        if question.worth(record) <= 0:
            places = frozenset(place for place in places if demands[place[0]].credits is None)
        rate = question.missing_rate(record) if by_rate else None
        if rate is not None and places:
            result.note([record], Reason("no_rate", rule.id, (("from", rate.source), ("to", rate.target))))
        elif places:
            kept[record.id] = places
    return kept


def _together(lhs: Node, records: tuple[RecordFacts, ...]) -> dict[str, str]:
    """The institution or award that all records of a set share, by record; one without a named award shares it with itself alone."""
    issuers = {record.id: record.issuer if lhs.same_issuer else "" for record in records}
    if not lhs.same_award:
        return issuers
    return {record.id: f"{issuers[record.id]} {record.award or f'alone:{record.id}'}" for record in records}


def _incomplete(rule: Rule, demands: tuple[Demand, ...], counted: Counted, record: RecordFacts, forbidding: list[str]) -> Reason:
    """What is missing where a record fits but no set can be made with it."""
    if forbidding:
        data = (("field", "forbidden_record"), ("has", ", ".join(forbidding)), ("needs", "—"))
        return Reason("rule_failed", rule.id, data)
    at = min((place[0] for place in counted.fits.get(record.id, ())), default=0)
    credits = demands[at].credits
    if credits is not None:
        has = sum((counted.worth[ident] for ident, places in counted.fits.items() if any(place[0] == at for place in places)), Fraction(0))
        listed = ", ".join(dict.fromkeys(filter(None, (leaf.outcome or leaf.subject for leaf in demands[at].leaves))))
        short = (("field", "credits"), ("has", step_of_exact(has)), ("needs", step_of_exact(credits)), ("of", listed))
        return Reason("rule_failed", rule.id, short)
    found = Assignment(counted)
    for ident in sorted(counted.fits):
        if counted.together[ident] == counted.together.get(record.id, ""):
            found.add(ident)
    data = (("field", "k_of_n"), ("has", str(len(found.leaf_of))), ("needs", str(sum(demand.count for demand in demands))))
    return Reason("rule_failed", rule.id, data)


def _is_on_step(rule: Rule, question: Question, records: Sequence[RecordFacts], result: Sieve) -> bool:
    """Whether fixed amounts lie on the target's step; a rule that cannot be posted gives nothing, and says so."""
    system = question.base.system(question.facts.target.system)
    if system is None:
        return False
    try:
        for grant in rule.grants:
            if grant.credits in {"fixed", "catalogue"} and grant.kind != "waiver":
                grant_amount(question.base, grant, (), system)
    except BadRule:
        result.note(records, Reason("rule_failed", rule.id, (("field", "amount"), ("has", "—"), ("needs", str(system.step)))))
        return False
    return True


def _add_candidates(rule: Rule, match: Match, question: Question, result: Sieve) -> None:
    system = question.base.system(question.facts.target.system)
    if _is_pending(rule):
        result.note(match.records, Reason("pending", rule.id, (("since", rule.since.isoformat() if rule.since else "…"),)))
        return
    if system is None or not match.records:
        return
    try:
        found = list(_candidates(rule, match, system, question))
        if not found:
            raise BadRule("no part of the record comes out in whole steps")  # noqa: TRY301  the same reason as below
        result.candidates += found
    except TooManyMatches:
        result.note(match.records, Reason("too_many_matches", rule.id, (("cap", str(MOST_PORTIONS)),)))
        result.complete = False
    except NoRate as error:
        result.note(match.records, Reason("no_rate", rule.id, (("from", error.source), ("to", error.target))))
    except BadRule:
        data = (("field", "amount"), ("has", "—"), ("needs", str(system.step)))
        result.note(match.records, Reason("rule_failed", rule.id, data))


def _is_pending(rule: Rule) -> bool:
    """Whether a rule gives nothing yet; what is pending beside other grants only adds nothing."""
    return all(grant.kind == "pending" for grant in rule.grants)


def _candidates(rule: Rule, match: Match, system: CreditSystem, question: Question) -> Iterator[Candidate]:
    """One for each offer, and for each part of the record where the rule may split it."""
    facts, base = question.facts, question.base
    lead = lead_of(match.records, base)
    by_rate = any(grant.credits == "rate" for grant in rule.grants) and lead.system
    ratio = ratio_between(base, lead.system, facts.target.system) if by_rate else None
    for consumed in portions(rule, match, system, base):
        used = match.records if consumed is None else tuple(replace(record, credits=consumed) for record in match.records)
        for offer, numbers in enumerate(offers(rule), start=1):
            given = tuple(give(number, rule.grants[number - 1], used, lead, facts, base) for number in numbers)
            if consumed is None or not is_too_much(given, lead, system, facts, base):
                yield Candidate(rule, match, given, lead, ratio, offer, consumed)


def _text(value: object) -> str:
    if value is None:
        return "—"
    return str(plain(value))
