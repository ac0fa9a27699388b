"""Why a record and a rule do not go together, as bits of one number: every reason at once, and the code that the engine gives it."""

from __future__ import annotations

from creditbank.rules import reasons

NAMES = (
    "not_available", "already_used", "expired", "not_eligible", "out_of_scope", "not_convertible", "outside_window", "evidence_missing", "grade", "grade_max", "score", "score_max",
    "attendance", "credits", "hours", "level", "trust", "age", "validity", "missing_record", "no_rate", "amount", "pending", "shadowed",
    "denied", "forbidden_record", "too_many_matches", "issuer", "other",
)  # fmt: skip
BIT = {name: 1 << at for at, name in enumerate(NAMES)}
"""The bit of each reason. A pair without a bit is a candidate, or the part of one."""

GATES = BIT["not_available"] | BIT["already_used"] | BIT["expired"] | BIT["not_eligible"]
CODES = reasons.STAGES
STAGES = (GATES, BIT["out_of_scope"], BIT["not_convertible"], BIT["outside_window"], BIT["evidence_missing"])
"""A reason of a stage keeps the engine from asking what comes after it."""
CODE = {"age": "too_old"} | dict.fromkeys(
    ("grade", "grade_max", "score", "score_max", "attendance", "credits", "hours", "level", "trust", "validity", "missing_record", "amount", "issuer"), "rule_failed"
)  # fmt: skip
"""The code of the engine for bits that are fields of one; for all others their own name is the code."""


def heard(bits: int) -> list[str]:
    """The names of the reasons that the engine gives for a pair with these bits: those of the first stage that failed."""
    for stage in STAGES:
        if bits & stage:
            return [name for name in NAMES if bits & stage & BIT[name]]
    return [name for name in NAMES if bits & BIT[name]]


def furthest(bits: int) -> str:
    """The code of the engine for how far a pair with these bits came; what is too old came no further."""
    names = heard(bits)
    return "too_old" if "age" in names else max((CODE.get(name, name) for name in names), key=CODES.index)


def bit_of(code: str, field: str) -> int:
    """The bit of a reason of the engine: by its field where that tells more."""
    return BIT.get(field, 0) if code in {"rule_failed", "too_old"} and field in BIT else BIT.get(code, BIT["other"])
