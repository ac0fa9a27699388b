"""Whether a rule or a need is meant for this person, this target and this moment."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from creditbank.rules.types import Facts, Pairs, Rule, RuleBase


def scope_fault(rule: Rule, facts: Facts) -> tuple[str, str] | None:
    """The first condition of a rule's scope that does not hold, with what was found; None where all hold."""
    target, known = facts.target, dict(facts.attributes)
    checks = [
        ("programme", target.code, not rule.programmes or target.code in rule.programmes),
        ("field", target.field, (not rule.fields or target.field in rule.fields) and target.field not in rule.not_fields),
        ("cohort", facts.cohort, not rule.cohorts or facts.cohort in rule.cohorts),
    ]
    checks += [(name, _known(name, known), holds(name, wanted, known)) for name, wanted in rule.learner]
    checks += [(name, _known(name, known), not holds(name, wanted, known)) for name, wanted in rule.not_learner]
    return next(((name, has) for name, has, ok in checks if not ok), None)


def person_fault(facts: Facts, base: RuleBase) -> tuple[str, str, str] | None:
    """The first condition of the bank or the target that this person does not meet, with what was found and needed; None if all are met."""
    known = dict(facts.attributes)
    for wanted, refused in ((base.eligible, base.not_eligible), (facts.target.eligible, facts.target.not_eligible)):
        for name, value in wanted:
            if not holds(name, value, known):
                return name, _known(name, known), value
        for name, value in refused:
            if holds(name, value, known):
                return name, _known(name, known), f"≠ {value}"
    return None


def _known(name: str, known: dict[str, str]) -> str:
    return known.get(name.removesuffix("_min").removesuffix("_max"), "")


def holds(name: str, wanted: str, known: dict[str, str]) -> bool:
    """Whether an attribute is one of the values (``a;b``); ``…_min`` and ``…_max`` compare as numbers. What is not known is false."""
    for suffix in ("_min", "_max"):
        if name.endswith(suffix):
            has, bound = _number(known.get(name.removesuffix(suffix), "")), _number(wanted)
            return has is not None and bound is not None and (has >= bound if suffix == "_min" else has <= bound)
    return known.get(name, "0" if wanted == "0" else "") in wanted.split(";")


def all_hold(pairs: Pairs, known: dict[str, str]) -> bool:
    """Whether every condition holds; none at all always does."""
    return all(holds(name, wanted, known) for name, wanted in pairs)


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
