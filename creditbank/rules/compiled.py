"""A rule book made ready to be asked: which rules can concern a record, without looking at all of them.

The same object serves one person (``decide``) and a whole population (``creditbank.simulation``). Its pointers and entries are 32-bit
arrays of the standard library, which number crunchers read in place; deciding for one person loads nothing beyond this file.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from creditbank.rules.types import Leaf, RecordFacts, Rule, RuleBase

Key = tuple[str, str]
"""(property, value) by which a leaf finds its records: the first of PROPERTIES that it names."""
PROPERTIES = ("outcome", "common_id", "dup_class", "subject", "issuer")
OPEN: Key = ("", "")
"""The key of leaves that name none of these: they have to be asked about every record."""


@dataclass(frozen=True)
class CompiledRules:
    """Active rules in the order of their ids, with an index from what a record is to the rules that may be about it.

    ``entries[pointers[k]:pointers[k + 1]]`` are the numbers (positions in ``rules``, rising) of the rules with a leaf under key number
    ``k``; ``numbers`` gives the number of a key. Key 0 is OPEN.
    """

    rules: tuple[Rule, ...]
    numbers: dict[Key, int]
    pointers: array[int]
    entries: array[int]

    def rules_for(self, records: Iterable[RecordFacts]) -> Iterator[Rule]:
        """Rules of which some leaf may name one of the records, in the order of their ids; all others find nothing in them."""
        keys = {OPEN}
        for record in records:
            keys.update(keys_of_record(record))
        found: set[int] = set()
        for key in keys:
            number = self.numbers.get(key)
            if number is not None:
                found.update(self.entries[self.pointers[number] : self.pointers[number + 1]])
        return (self.rules[at] for at in sorted(found))


def compiled(base: RuleBase) -> CompiledRules:
    """The compiled form of a rule base, made once and kept with it."""
    known: dict[str, Any] = base.__dict__
    if "_compiled" not in known:
        known["_compiled"] = compile_rules(base.rules)
    return known["_compiled"]


def compile_rules(rules: Iterable[Rule]) -> CompiledRules:
    """The index over the active ones of some rules."""
    active = tuple(sorted((rule for rule in rules if rule.status == "active"), key=lambda rule: rule.id))
    found: dict[Key, list[int]] = {OPEN: []}
    for at, rule in enumerate(active):
        for key in sorted({key_of_leaf(leaf) for leaf in rule.lhs.wanted()}):
            found.setdefault(key, []).append(at)
    pointers, entries = array("i", [0]), array("i")
    for numbers in found.values():
        entries.extend(numbers)
        pointers.append(len(entries))
    return CompiledRules(active, {key: number for number, key in enumerate(found)}, pointers, entries)


def key_of_leaf(leaf: Leaf) -> Key:
    """Where a leaf stands in the index."""
    return next(((name, getattr(leaf, name)) for name in PROPERTIES if getattr(leaf, name)), OPEN)


def keys_of_record(record: RecordFacts) -> Iterator[Key]:
    """Under which keys leaves about a record may stand."""
    yield "outcome", record.outcome
    yield "dup_class", record.class_key
    yield "issuer", record.issuer
    if record.common_id:
        yield "common_id", record.common_id
    for subject in record.subjects:
        yield "subject", subject
