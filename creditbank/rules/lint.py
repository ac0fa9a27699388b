"""What is wrong with a rule base, before it is published. E blocks publishing, W wants to be acknowledged, I is shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from creditbank.rules.findings import Finding
from creditbank.rules.lint_cycles import cycle_findings
from creditbank.rules.lint_ground import Ground
from creditbank.rules.lint_pairs import pair_findings
from creditbank.rules.lint_rules import rule_findings
from creditbank.rules.lint_tables import table_findings
from creditbank.rules.types import Limit, RecordFacts, RuleBase, Target


def lint(
    base: RuleBase,
    limits: Collection[Limit],
    targets: Collection[Target],
    outcomes: Collection[str] | None,
    *,
    on: date | None = None,
    archive: Collection[Sequence[RecordFacts]] = (),
    institutions: Collection[str] | None = None,
    signatures: Collection[tuple[str, str, str]] = (),
) -> tuple[Finding, ...]:
    """All findings, sorted by code.

    ``outcomes`` are the codes that the bank's catalogue knows, ``institutions`` those of schools and bodies; None where there is nothing to
    ask, and then references to them are not checked. ``on`` is the day from which pending and expired rules are judged. ``archive`` holds the
    records of some learners, on which the number of matches is estimated. ``signatures`` are (rule or book, author, publisher).
    """
    ground = Ground(
        base, tuple(limits), tuple(targets), None if outcomes is None else frozenset(outcomes),
        None if institutions is None else frozenset(institutions), on, tuple(archive), tuple(signatures),
    )  # fmt: skip
    findings = [finding for rule in ground.rules for finding in rule_findings(rule, ground)]
    findings += pair_findings(ground)
    findings += cycle_findings(ground)
    findings += table_findings(ground)
    return tuple(sorted(set(findings), key=lambda finding: (finding.code, finding.ids, finding.data, finding.place)))
