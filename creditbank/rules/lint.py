"""What is wrong with a rule base, before it is published. E blocks publishing, W wants to be acknowledged, I is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from creditbank.rules.amounts import round_to_step
from creditbank.rules.exceptions import BadRule
from creditbank.rules.findings import Finding
from creditbank.rules.lint_pairs import pair_findings
from creditbank.rules.lint_tables import table_findings
from creditbank.rules.objective import has_need
from creditbank.rules.snapshot import canonical
from creditbank.rules.types import Limit, Node, Rule, RuleBase, Target


def lint(base: RuleBase, limits: Collection[Limit], targets: Collection[Target], outcomes: Collection[str] | None) -> tuple[Finding, ...]:
    """All findings, sorted. ``outcomes`` are the codes that the bank's catalogue knows; None where there is no catalogue to ask."""
    known = None if outcomes is None else set(outcomes)
    active = [rule for rule in base.rules if rule.status == "active"]
    findings = [finding for rule in active for finding in _rule_findings(rule, base, known)]
    findings += _duplicates(active)
    findings += pair_findings(active, base)
    findings += table_findings(base, limits, targets)
    findings += _unreachable(base, targets)
    return tuple(sorted(set(findings), key=lambda finding: (finding.code, finding.ids, finding.data)))


def _rule_findings(rule: Rule, base: RuleBase, outcomes: set[str] | None) -> list[Finding]:
    findings = []
    if outcomes is not None:
        findings += [Finding("L10", (rule.id,), (("what", name),)) for name in sorted(_named(rule) - outcomes)]
    findings += _bounds_without_scale(rule, base) + _falling_steps(rule) + _not_monotone(rule)
    why = _never(rule)
    if why:
        findings.append(Finding("L06", (rule.id,), (("why", why),)))
    if bool(rule.reason_zh) != bool(rule.reason_en):
        findings.append(Finding("L22", (rule.id,)))
    findings += [
        Finding("L13", (rule.id,), (("amount", str(amount)),))
        for grant in rule.grants
        for amount in _fixed(grant)
        if not _on_any_step(amount, base)
    ]
    return findings


def _named(rule: Rule) -> set[str]:
    """Outcomes that a rule refers to; a waiver names a node, a block may list several."""
    given = {code for grant in rule.grants if grant.kind not in {"waiver", "elective"} for code in grant.outcome.split(";") if code}
    return {leaf.outcome for leaf in rule.lhs.leaves() if leaf.outcome} | given


def _bounds_without_scale(rule: Rule, base: RuleBase) -> list[Finding]:
    findings = []
    for leaf in rule.lhs.leaves():
        about = base.outcome(leaf.outcome)
        scale = base.scale(leaf.issuer or (about.owner if about else ""))
        for grade in (leaf.min_grade, leaf.max_grade):
            if grade and scale is None:
                findings.append(Finding("L11", (rule.id,), (("grade", grade), ("outcome", leaf.outcome))))
            elif grade and scale is not None and scale.rank(grade) is None:
                findings.append(Finding("L10", (rule.id,), (("what", grade),)))
    return findings


def _falling_steps(rule: Rule) -> list[Finding]:
    return [
        Finding("L09", (rule.id,), (("steps", "; ".join(f"{score}:{amount}" for score, amount in grant.steps)),))
        for grant in rule.grants
        if any(first[0] >= second[0] or first[1] > second[1] for first, second in zip(grant.steps, grant.steps[1:], strict=False))
    ]


def _not_monotone(rule: Rule) -> list[Finding]:
    why = ["NOT"] * bool(rule.lhs.forbidden()) + [name for name, _value in (*rule.learner, *rule.not_learner)]
    return [Finding("L25", (rule.id,), (("why", ", ".join(why)),))] if why else []


def _fixed(grant: object) -> list[Decimal]:
    kind = getattr(grant, "credits", "")
    if kind == "fixed":
        return [getattr(grant, "amount", Decimal(0))]
    return [amount for _score, amount in getattr(grant, "steps", ())] if kind == "steps" else []


def _on_any_step(amount: Decimal, base: RuleBase) -> bool:
    for system in base.systems:
        try:
            round_to_step(amount, system.step, "none")
        except BadRule:
            continue
        return True
    return not base.systems


def _never(rule: Rule) -> str:
    if rule.window_from and rule.window_to and rule.window_from > rule.window_to:
        return f"{rule.window_from} > {rule.window_to}"
    for leaf in rule.lhs.leaves():
        if leaf.min_score is not None and leaf.max_score is not None and leaf.min_score > leaf.max_score:
            return f"{leaf.min_score} > {leaf.max_score}"
    for leaf in rule.lhs.forbidden():
        if leaf in rule.lhs.wanted():
            return f"NOT {leaf.outcome or leaf.subject}"
    return _too_few(rule.lhs)


def _too_few(node: Node) -> str:
    if node.kind == "n_of" and node.k > len(node.children):
        return f"{node.k} > {len(node.children)}"
    return next((why for child in node.children if (why := _too_few(child))), "")


def _duplicates(rules: Collection[Rule]) -> list[Finding]:
    same: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        same[canonical([rule.lhs, rule.grants, rule.programmes, rule.window_from, rule.window_to, rule.offer, rule.offer_k])].append(rule)
    return [
        Finding(
            "L01",
            tuple(sorted(rule.id for rule in found)),
            grade="E" if len({rule.agreement for rule in found}) == 1 and found[0].agreement else "W",
        )
        for found in same.values()
        if len(found) > 1
    ]


def _unreachable(base: RuleBase, targets: Collection[Target]) -> list[Finding]:
    findings = []
    for target in targets:
        grants = [grant for rule in base.rules if not rule.programmes or target.code in rule.programmes for grant in rule.grants]
        findings += [
            Finding("L19", (target.code,), (("what", leaf.path),))
            for leaf in target.leaves
            if has_need(leaf) and leaf.transferable and not any(leaf.accepts(grant, base.outcome(grant.outcome)) for grant in grants)
        ]
    return findings
