"""How many persons must agree: what the rules' route asks, or the threshold of the amount, whichever is more."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import Any

from creditbank.catalogue.models import Outcome
from creditbank.recognition.models import ApplicationLine
from creditbank.rules.types import Decision, Facts, RuleBase

ROUTES = ("auto", "review", "panel", "standards")
PEOPLE = {"auto": 0, "review": 1, "panel": 3, "standards": 5}
"""Nobody beforehand, one officer, a review group, the standards group (Open University of Beijing)."""
MUCH = Decimal(10)
TIMES_USUAL = 5
EARLIER_DECISIONS = 20
LATEST = 1000
ABSOLUTE_SECOND = 2


def approvals_needed(*, route: str, amount: Decimal, median: Decimal | None = None, people_for_review: int = 1) -> int:
    """The greater of the route's and the threshold's number; 0 means that the rules decide.

    Above 10 credits, or above five times the median of earlier decisions under the same rule, it takes two. ``median`` is None with fewer
    than 20 earlier decisions, when only the absolute bound counts. ``people_for_review`` is what the institution asks of a reviewed case.
    """
    threshold = ABSOLUTE_SECOND if amount > MUCH or (median is not None and amount > TIMES_USUAL * median) else 0
    by_route = max(PEOPLE[route], people_for_review) if route == "review" else PEOPLE[route]
    return max(by_route, threshold)


def route_of(decision: Decision, facts: Facts, base: RuleBase, *, in_catalogue: set[str]) -> str:
    """The strictest route of a decision.

    Automatic only where every rule says so, every record is confirmed by an institution or verified, and the result is proved best.
    A record whose outcome is not in the catalogue goes to a review group.
    """
    rules = {rule.id: rule for rule in base.rules}
    records = {record.id: record for record in facts.records}
    used = [records[ident] for row in decision.allocation for ident in row.records]
    routes = [rules[row.rule].route if row.rule in rules else "panel" for row in decision.allocation]
    route = max(routes, key=ROUTES.index, default="review")
    if route == "auto" and (decision.proof.status != "optimal" or facts.exceptions or any(record.trust == "self" for record in used)):
        route = "review"
    if any(record.outcome not in in_catalogue for record in used) and ROUTES.index(route) < ROUTES.index("panel"):
        route = "panel"
    return route


def required_approvals(decision: Decision, facts: Facts, base: RuleBase, *, people_for_review: int = 1) -> int:
    """How many persons must agree on a decision before it counts. Two queries."""
    codes = {record.outcome for record in facts.records}
    known = set(Outcome.objects.filter(code__in=codes).values_list("code", flat=True))
    route = route_of(decision, facts, base, in_catalogue=known)
    by_rule: dict[str, Decimal] = {}
    for row in decision.allocation:
        by_rule[row.rule] = by_rule.get(row.rule, Decimal(0)) + row.posted
    usual = usual_amounts(base.book, by_rule)
    needed = approvals_needed(route=route, amount=decision.posted, people_for_review=people_for_review)
    return max([needed, *(approvals_needed(route="auto", amount=amount, median=usual.get(rule)) for rule, amount in by_rule.items())])


def usual_amounts(book: str, rules: Any) -> dict[str, Decimal]:
    """The median of what was recognised under each rule so far, for the rules with at least 20 decisions. One query, the latest first."""
    rows = ApplicationLine.objects.filter(
        rule__in=list(rules), decided__gt=0, application__decided_at__isnull=False, application__rules__book__code=book
    )
    amounts: dict[str, list[Decimal]] = {}
    for rule, decided in rows.order_by("-id").values_list("rule", "decided")[: LATEST * max(1, len(list(rules)))]:
        if decided is not None:
            amounts.setdefault(rule, []).append(decided)
    return {rule: median(found) for rule, found in amounts.items() if len(found) >= EARLIER_DECISIONS}
