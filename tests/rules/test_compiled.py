"""The compiled form finds every rule that may be about a record, and leaves out only rules that are about none."""

from __future__ import annotations

import json
import random
import sys
from datetime import date
from decimal import Decimal
from subprocess import run

from creditbank.rules.compiled import PROPERTIES, compile_rules, compiled
from creditbank.rules.leaves import names_record
from creditbank.rules.snapshot import SEMANTICS, UNORDERED, canonical, plain, snapshot
from creditbank.rules.types import CreditSystem, Facts, Grant, Leaf, Node, RecordFacts, Rule, RuleBase, Target

DAY = date(2026, 1, 1)


def leaf(chance):
    names = chance.sample(PROPERTIES, chance.randint(0, 3))
    return Node("leaf", Leaf(**{name: f"{name}{chance.randint(0, 4)}" for name in names}))


def rule(number, chance):
    left = leaf(chance) if chance.random() < 0.5 else Node(chance.choice(["all", "any"]), children=(leaf(chance), leaf(chance)))
    status = "active" if chance.random() < 0.9 else "ended"
    return Rule(f"R{number}", 1, left, (Grant("course", "T", amount=Decimal(1)),), status=status)


def record(number, chance):
    def pick(name):
        return f"{name}{chance.randint(0, 5)}" if chance.random() < 0.5 else ""

    return RecordFacts(
        f"r{number}", f"outcome{chance.randint(0, 5)}", f"issuer{chance.randint(0, 5)}", DAY, common_id=pick("common_id"), dup_class=pick("dup_class"),
        subjects=tuple(name for name in (pick("subject"), pick("subject")) if name),
    )  # fmt: skip


def test_every_rule_with_a_leaf_about_a_record_is_found_in_the_order_of_ids():
    for seed in range(200):
        chance = random.Random(seed)
        rules = [rule(number, chance) for number in range(20)]
        records = [record(number, chance) for number in range(chance.randint(0, 4))]

        found = [one.id for one in compile_rules(rules).rules_for(records)]

        about = {
            one.id for one in rules if one.status == "active" and any(names_record(r, part) for r in records for part in one.lhs.wanted())
        }
        assert about <= set(found)
        assert found == sorted(found)
        assert all(one.id not in found for one in rules if one.status != "active")


def test_rules_of_other_outcomes_are_not_looked_at():
    rules = [Rule(f"R{number:03}", 1, Node("leaf", Leaf(f"O{number}")), (Grant("course", "T"),)) for number in range(500)]

    found = compile_rules(rules).rules_for([RecordFacts("r", "O7", "I", DAY)])

    assert [one.id for one in found] == ["R007"]


def test_a_base_is_compiled_once():
    base = RuleBase((rule(1, random.Random(1)),), ())

    assert compiled(base) is compiled(base)


def test_the_snapshot_is_the_canonical_json_of_its_four_arguments():
    chance = random.Random(3)
    base = RuleBase(tuple(rule(number, chance) for number in range(9)), (CreditSystem("U", Decimal("16.0"), Decimal("0.50")),))
    facts = Facts("p", (record(2, chance), record(1, chance)), Target("", "U"), DAY, attributes=(("b", "1"), ("a", "2")))

    text = snapshot(facts, base, (), DAY)

    question = plain({"facts": facts, "rules": base, "limits": (), "on": DAY, "semantics": SEMANTICS})
    for name in ("records", "attributes"):
        question["facts"][name].sort(key=canonical)
    for name in set(UNORDERED) & set(question["rules"]):
        question["rules"][name].sort(key=canonical)
    assert text == json.dumps(question, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_deciding_for_one_person_loads_no_number_cruncher():
    program = "import sys, creditbank.rules.decide; print([name for name in ('numpy', 'pandas', 'highspy') if name in sys.modules])"

    assert run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"  # noqa: S603
