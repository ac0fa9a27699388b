"""Long checks of ``make soak``."""

from __future__ import annotations

import random

import pytest

from creditbank.rules.decide import decide
from creditbank.rules.snapshot import canonical
from creditbank.rules.types import Facts
from tests.bench.learners import ON
from tests.bench.rules import regular


@pytest.mark.soak
@pytest.mark.postgres(also="sqlite")
def test_the_order_of_records_and_rules_never_changes_a_byte_of_a_decision():
    facts, base, limits = regular(24)
    wanted = canonical(decide(facts, base, limits, ON))

    for seed in range(40):
        chance = random.Random(seed)
        records, rules = list(facts.records), list(base.rules)
        chance.shuffle(records)
        chance.shuffle(rules)
        shuffled = Facts(facts.learner, tuple(records), facts.target, facts.applied_on)
        again = decide(shuffled, type(base)(tuple(rules), base.systems), tuple(reversed(limits)), ON)
        assert canonical(again) == wanted, seed
