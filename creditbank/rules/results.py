"""What deciding gives: rows of an allocation, reasons, proof. Plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from creditbank.rules.tables import LATER


@dataclass(frozen=True)
class Condition:
    """One judged condition: made while deciding, never guessed afterwards."""

    name: str
    ok: bool
    has: object = None
    needs: object = None


@dataclass(frozen=True)
class Reason:
    """Why something was not used: a code of the closed list, the rule it is about, and the values found and expected."""

    code: str
    rule: str = ""
    data: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, str]:
        return dict(self.data)


@dataclass(frozen=True)
class Allocation:
    """One grant that was given, and where it sits; ``consumed`` is set where only so many credits of its record were used up."""

    rule: str
    version: int
    records: tuple[str, ...]
    grant: int
    kind: str
    outcome: str
    leaf: str
    fill: Decimal
    posted: Decimal
    amount: Decimal
    exact: Fraction
    ratio: Fraction | None
    conditions: tuple[Condition, ...] = ()
    cut_by: str = ""
    offer: int = 1
    grade: str = ""
    in_gpa: bool = True
    without_credit: bool = False
    consumed: Decimal | None = field(default=None, metadata=LATER)


@dataclass(frozen=True)
class Unused:
    """A record that is not used, with its headline reason first."""

    record: str
    reasons: tuple[Reason, ...]

    @property
    def headline(self) -> Reason:
        return self.reasons[0]


@dataclass(frozen=True)
class Proof:
    """Whether the result is proved best: ``optimal``, or ``gap`` with the level that was reached."""

    status: Literal["optimal", "gap"]
    level: str = ""
    bound: int | None = None


@dataclass(frozen=True)
class LimitUse:
    """How full a limit's bucket is after the decision."""

    limit: str
    bucket: str
    bound: Decimal
    used: Decimal


@dataclass(frozen=True)
class Minimum:
    """A limit of the kind "at least": what there is, what is needed, and how much more may be recognised with the need still reachable."""

    limit: str
    met: bool
    have: Decimal
    need: Decimal
    room: Decimal | None = None


@dataclass(frozen=True)
class Decision:
    """The best recognition of a person's records for a target, with reasons. ``objective`` holds V1 … V6 in their own units."""

    learner: str
    target: str
    allocation: tuple[Allocation, ...]
    unused: tuple[Unused, ...]
    objective: tuple[int, ...]
    posted: Decimal
    limits: tuple[LimitUse, ...]
    proof: Proof
    snapshot_hash: str
    semantics: int = 1
    open_leaves: tuple[str, ...] = field(default=())
    minima: tuple[Minimum, ...] = field(default=())
    done: tuple[str, ...] = field(default=())
