"""What is wrong with a rule base, before it is published. E blocks publishing, W wants to be acknowledged, I is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from creditbank.rules.amounts import round_to_step
from creditbank.rules.exceptions import BadRule
from creditbank.rules.snapshot import canonical
from creditbank.rules.types import Limit, Node, Rule, RuleBase, Target

TEXTS: dict[str, tuple[str, str]] = {
    "L01": ("规则重复：{ids}", "duplicate rules: {ids}"),
    "L06": ("规则永远不会生效：{why}", "the rule can never match: {why}"),
    "L10": ("引用了不存在的成果：{what}", "refers to an outcome that does not exist: {what}"),
    "L13": ("数值不在学分步长上：{amount}", "an amount off the step of its unit: {amount}"),
    "L17": ("限额的上限为负", "a limit below zero"),
    "L19": ("要求永远无法满足：{what}", "a requirement that nothing can fill: {what}"),
    "L22": ("说明缺少一种语言", "the reason lacks one language"),
}
SEVERITY = {"L01": "W", "L06": "W", "L10": "E", "L13": "E", "L17": "E", "L19": "E", "L22": "W"}


@dataclass(frozen=True)
class Finding:
    """One finding: code, rules or limits concerned, and the values that show it."""

    code: str
    ids: tuple[str, ...]
    data: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> str:
        return SEVERITY[self.code]

    def text(self, language: str) -> str:
        """The finding in words."""
        return TEXTS[self.code][1 if language.startswith("en") else 0].format(ids=", ".join(self.ids), **dict(self.data))


def lint(base: RuleBase, limits: Collection[Limit], targets: Collection[Target], outcomes: Collection[str]) -> tuple[Finding, ...]:
    """All findings, sorted. ``outcomes`` are the codes that the bank's catalogue knows."""
    findings = [finding for rule in base.rules for finding in _rule_findings(rule, base, set(outcomes))]
    findings += _duplicates(base.rules)
    findings += [Finding("L17", (limit.id,)) for limit in limits if limit.bound is not None and limit.bound < 0]
    findings += _unreachable(base, targets)
    return tuple(sorted(findings, key=lambda finding: (finding.code, finding.ids, finding.data)))


def _rule_findings(rule: Rule, base: RuleBase, outcomes: set[str]) -> list[Finding]:
    findings = []
    named = {leaf.outcome for leaf in rule.lhs.leaves() if leaf.outcome} | {grant.outcome for grant in rule.grants if grant.outcome}
    findings += [Finding("L10", (rule.id,), (("what", name),)) for name in sorted(named - outcomes)]
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
    return _too_few(rule.lhs)


def _too_few(node: Node) -> str:
    if node.kind == "n_of" and node.k > len(node.children):
        return f"{node.k} > {len(node.children)}"
    return next((why for child in node.children if (why := _too_few(child))), "")


def _duplicates(rules: Collection[Rule]) -> list[Finding]:
    same: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        same[canonical([rule.lhs, rule.grants, rule.programmes, rule.window_from, rule.window_to])].append(rule.id)
    return [Finding("L01", tuple(sorted(ids))) for ids in same.values() if len(ids) > 1]


def _unreachable(base: RuleBase, targets: Collection[Target]) -> list[Finding]:
    findings = []
    for target in targets:
        grants = [grant for rule in base.rules if not rule.programmes or target.code in rule.programmes for grant in rule.grants]
        findings += [
            Finding("L19", (target.code,), (("what", leaf.path),))
            for leaf in target.leaves
            if not any(leaf.accepts(grant) for grant in grants)
        ]
    return findings
