"""Titles as names of one course: two records whose titles differ in writing alone count once, where a rule book switches this on.

The rules are those that Korea's credit bank publishes; which ordinal of a first part is dropped there is not confirmed, so it is listed.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import replace

from creditbank.rules.tables import TitleMatching
from creditbank.rules.types import Facts, RecordFacts

KEPT_MARKS = frozenset("#+")
"""Marks that tell courses apart: C, C++ and C#."""


def normalised(title: str, matching: TitleMatching) -> str:
    """A title without what says nothing: NFKC, case, white space, punctuation, particles, a first part's ordinal; abbreviations in full.

    Particles and abbreviations of ASCII letters are whole words; others (的, 의) are dropped wherever they stand.
    """
    words = _words(title)
    full = {_key(short): _words(long) for short, long in matching.abbreviations}
    words = [part for word in words for part in full.get(word, [word])]
    particles = {_key(particle) for particle in matching.particles}
    kept = [word for word in words if word not in particles] or words
    joined = _without_first_part(kept, {_key(part) for part in matching.first_parts})
    for particle in sorted((one for one in particles if not one.isascii()), key=lambda one: (-len(one), one)):
        joined = joined.replace(particle, "") or joined
    return joined


def _key(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    spaced = "".join(" " if unicodedata.category(mark)[0] in "PZC" and mark not in KEPT_MARKS else mark for mark in folded)
    return spaced.split()


def _without_first_part(words: list[str], ordinals: set[str]) -> str:
    if len(words) > 1 and words[-1] in ordinals:
        return "".join(words[:-1])
    joined = "".join(words)
    for ordinal in sorted(ordinals):
        attached = not ordinal.isascii() or ordinal.isdecimal()
        if attached and joined.endswith(ordinal) and joined != ordinal and not joined[: -len(ordinal)][-1:].isdecimal():
            return joined.removesuffix(ordinal)
    return joined


def with_title_classes(facts: Facts, matching: TitleMatching | None) -> Facts:
    """The question with one class for records of one title, where they have no class of their own.

    Titles of two outcomes of one institution are not matched: whether these are one course is an officer's to confirm.
    """
    if matching is None:
        return facts
    by_title: dict[str, list[RecordFacts]] = defaultdict(list)
    for record in facts.records:
        if not record.dup_class and not record.repeatable:
            for title in {normalised(one, matching) for one in (record.title_zh, record.title_en)} - {""}:
                by_title[title].append(record)
    classes: dict[str, str] = {}
    for title in sorted(by_title):
        found = by_title[title]
        if len(found) > 1 and not _are_two_of_one_institution(found):
            known = sorted({classes[record.id] for record in found if record.id in classes} | {f"title:{title}"})
            merged = {record.id for record in found} | {ident for ident, one in classes.items() if one in known}
            classes |= dict.fromkeys(merged, known[0])
    return replace(
        facts, records=tuple(replace(record, dup_class=classes[record.id]) if record.id in classes else record for record in facts.records)
    )


def _are_two_of_one_institution(records: list[RecordFacts]) -> bool:
    outcomes: dict[str, set[str]] = defaultdict(set)
    for record in records:
        outcomes[record.issuer].add(record.outcome)
    return any(len(found) > 1 for found in outcomes.values())
