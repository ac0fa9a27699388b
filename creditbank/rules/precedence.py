"""Denial and shadowing: which candidates stay beside others, and which sets a rule that counts may not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from creditbank.rules.counting import Counted
from creditbank.rules.giving import Candidate, Given
from creditbank.rules.types import Grant, Reason, RecordFacts

Note = Callable[[Iterable[RecordFacts], Reason], None]
Sample = Callable[[Counted], tuple[Given, ...]]
"""What a counting candidate could give: enough to see whether any of it could be placed."""
MOST_VARIANTS = 16
"""Denials of single outcomes split a rule that counts in two each; beyond this many, sets that meet one are left out."""


def settle(
    candidates: Sequence[Candidate], counted: Sequence[Counted], sample: Sample, note: Note
) -> tuple[list[Candidate], list[Counted]]:
    """Candidates after denial, then after shadowing, each in the order of their keys."""
    denials = [replace(one, given=(given,)) for one in candidates for given in one.given if given.grant.kind == "deny"]
    for denial in denials:
        note(denial.match.records, _denial_reason(denial, denial.rule.id))
    kept = [left for one in map(_without_denials, candidates) if one and (left := _denied(one, denials, note))]
    counting = [left for one in counted for left in _denied_sets(one, denials, note)]
    useful = [one for one in counting if any(given.seats or given.waives for given in sample(one))]
    seen = _shadow(kept, useful, note)
    counting = _shadow_sets(counting, kept, useful, note)
    return sorted(seen, key=lambda candidate: candidate.key), sorted(counting, key=_key)


def _key(counted: Counted) -> tuple[Any, ...]:
    return counted.rule.id, counted.offer, counted.numbers, sorted(counted.required)


def _without_denials(candidate: Candidate) -> Candidate | None:
    """What a candidate gives beside what it denies; nothing for one that only denies."""
    given = tuple(one for one in candidate.given if one.grant.kind != "deny")
    return replace(candidate, given=given) if given else None


def _denied(candidate: Candidate, denials: Sequence[Candidate], note: Note) -> Candidate | None:
    """A candidate without what is denied; a higher grant survives.

    A denial of one outcome takes away the grants of that outcome, and the candidate where nothing is left or everything was wanted.
    """
    struck = [denial for denial in denials if _strikes(denial, candidate)]
    refused = {denial.given[0].grant.outcome for denial in struck}
    left = () if "" in refused else tuple(given for given in candidate.given if not refused & _courses(given.grant))
    if candidate.rule.all_or_nothing and len(left) < len(candidate.given):
        left = ()
    if left:
        return replace(candidate, given=left)
    note(candidate.match.records, _denial_reason(struck[0], candidate.rule.id))
    return None


def _courses(grant: Grant) -> set[str]:
    """The outcomes that a grant is of: a block lists several."""
    return set(grant.outcome.split(";"))


def _denial_reason(denial: Candidate, rule: str) -> Reason:
    return Reason("denied", rule, (("by_rule", denial.rule.id), ("outcome", denial.given[0].grant.outcome)))


def _strikes(denial: Candidate, candidate: Candidate) -> bool:
    outcome = denial.given[0].grant.outcome
    stronger = denial.rank_key[:2] <= candidate.rank_key[:2]
    about = not outcome or any(outcome in _courses(given.grant) for given in candidate.given)
    return stronger and about and set(denial.match.ids) <= set(candidate.match.ids)


def _denied_sets(counted: Counted, denials: Sequence[Candidate], note: Note) -> list[Counted]:
    """A rule that counts, once for each way in which its sets may meet denials: without them, or with them and fewer grants."""
    variants = [counted]
    for denial in denials:
        ids = frozenset(denial.match.ids)
        if ids <= set(counted.fits) and denial.rank_key[:2] <= counted.rank_key[:2]:
            variants = [left for one in variants for left in _split(one, denial, ids, note, may_split=len(variants) < MOST_VARIANTS)]
    return variants


def _split(counted: Counted, denial: Candidate, ids: frozenset[str], note: Note, *, may_split: bool) -> list[Counted]:
    outcome = denial.given[0].grant.outcome
    grants = {number: counted.rule.grants[number - 1] for number in counted.numbers}
    left = tuple(number for number, grant in grants.items() if outcome and outcome not in _courses(grant))
    if len(left) == len(counted.numbers):
        return [counted]
    found = [_without(counted, ids)]
    if left and may_split and not counted.rule.all_or_nothing:
        found.append(replace(counted, numbers=left, required=counted.required | ids))
    elif len(ids) == 1:
        note(counted.chosen(ids), _denial_reason(denial, counted.rule.id))
    return [one for one in found if one.has_a_set()]


def _without(counted: Counted, ids: frozenset[str]) -> Counted:
    """Without these records together; a single one is taken out."""
    if len(ids) > 1:
        return replace(counted, refused=(*counted.refused, ids))
    records = tuple(record for record in counted.records if record.id not in ids)
    return replace(counted, records=records, fits={ident: places for ident, places in counted.fits.items() if ident not in ids})


def _shadow(candidates: list[Candidate], useful: Sequence[Counted], note: Note) -> list[Candidate]:
    """Among candidates over the same records that could be placed, only the best by precedence, priority and kind stay.

    Offers of one rule never shadow each other.
    """
    best: dict[tuple[str, ...], dict[str, tuple[int, int, int]]] = defaultdict(dict)
    for candidate in candidates:
        if candidate.is_useful:
            own = best[candidate.match.ids]
            own[candidate.rule.id] = min(candidate.rank_key, own.get(candidate.rule.id, candidate.rank_key))
    for ids in {candidate.match.ids for candidate in candidates} if useful else ():
        for counted in useful:
            if counted.is_set(ids):
                best[ids][counted.rule.id] = min(counted.rank_key, best[ids].get(counted.rule.id, counted.rank_key))
    kept = []
    for candidate in candidates:
        others = [(rank, rule) for rule, rank in best[candidate.match.ids].items() if rule != candidate.rule.id]
        if others and min(others)[0] < candidate.rank_key:
            note(candidate.match.records, Reason("shadowed", candidate.rule.id, (("by_rule", min(others)[1]),)))
        else:
            kept.append(candidate)
    return kept


def _shadow_sets(counted: Sequence[Counted], candidates: Sequence[Candidate], useful: Sequence[Counted], note: Note) -> list[Counted]:
    """What rules that count may take beside better candidates: not exactly the records of one, and nothing where a better one counts the same."""
    kept = []
    for one in counted:
        winner = next((other for other in useful if other.rank_key < one.rank_key and _same_sets(other, one)), None)
        if winner is not None:
            note(one.records, Reason("shadowed", one.rule.id, (("by_rule", winner.rule.id),)))
            continue
        for candidate in candidates:
            better = candidate.is_useful and candidate.rank_key < one.rank_key and candidate.rule.id != one.rule.id
            if better and one.is_set(candidate.match.ids):
                one = _without(one, frozenset(candidate.match.ids))  # noqa: PLW2901  what is left of it
                if len(candidate.match.ids) == 1:
                    note(candidate.match.records, Reason("shadowed", one.rule.id, (("by_rule", candidate.rule.id),)))
        kept.append(one)
    return [one for one in kept if one.has_a_set()]


def _same_sets(first: Counted, second: Counted) -> bool:
    """Whether both count the same records in the same way, and the first may take every set that is left to the second by denials."""
    freer = set(first.refused) <= set(second.refused) and first.required <= second.required
    return freer and first.shape == second.shape and first.rule.id != second.rule.id
