"""What speaks against publishing a version: lint against the catalogue, and examples that come out otherwise."""

from __future__ import annotations

from django.db.models import Prefetch

from creditbank.agreements.editions import edition_now, shelf
from creditbank.agreements.enums import AgreementStatus, VersionStatus
from creditbank.agreements.examples import ExampleResult, WrittenExample, read_example, run_example
from creditbank.agreements.models import Agreement, ExampleRecord, RuleBookVersion, RuleExample
from creditbank.agreements.queries import limits_of, own_targets, rule_base
from creditbank.catalogue.models import Outcome
from creditbank.catalogue.queries import engine_outcomes
from creditbank.rules.findings import Finding
from creditbank.rules.lint import lint
from creditbank.rules.types import RuleBase


def findings_of(version: RuleBookVersion) -> tuple[Finding, ...]:
    """The lint of a version against the catalogue, the open programmes of its institution, and the signatures under its agreements.

    Judged on the day from which the version is to hold. A published version is judged once an edition of the catalogue.
    """
    if version.status == VersionStatus.DRAFT:
        return _find(version)
    return shelf.take(("findings", version.uuid), edition_now(), lambda: _find(version))


def _find(version: RuleBookVersion) -> tuple[Finding, ...]:
    base, known = rule_base(version), list(Outcome.objects.values_list("code", flat=True))
    found = lint(base, limits_of(version), own_targets(version), known, on=version.valid_from)
    return tuple(sorted({*found, *_unsigned(version, base)}, key=lambda finding: (finding.code, finding.ids, finding.data)))


def _unsigned(version: RuleBookVersion, base: RuleBase) -> list[Finding]:
    """L20: a rule stands on an agreement that not every party has signed that must."""
    drafts = set(
        Agreement.objects.filter(pk__in=version.rules.values("agreement"), status=AgreementStatus.DRAFT).values_list("code", flat=True)
    )
    return [
        Finding("L20", (rule.id, rule.agreement), (("window", f"{rule.agreement}: {AgreementStatus.DRAFT.value}"),))
        for rule in base.rules
        if rule.agreement in drafts
    ]


def written_examples(version: RuleBookVersion) -> list[WrittenExample]:
    """The examples of a version. Two queries."""
    records = Prefetch("records", ExampleRecord.objects.order_by("record"))
    return [_written(row) for row in version.examples.prefetch_related(records).order_by("code")]


def _written(row: RuleExample) -> WrittenExample:
    names = ("code", "title_zh", "title_en", "programme", "unit", "cohort", "attributes", "reviewed_on", "posted")
    records = [
        {**record.facts, "record": record.record, "outcome": record.outcome, "gives": record.gives, "reason": record.reason}
        for record in row.records.all()
    ]
    return read_example({**{name: getattr(row, name) for name in names}, "records": records})


def examples_of(version: RuleBookVersion) -> list[ExampleResult]:
    """Every example of a version, run: those of a published version once an edition of the catalogue. A flat number of queries."""
    if version.status == VersionStatus.DRAFT:
        return _run_examples(version)
    return list(shelf.take(("examples", version.uuid), edition_now(), lambda: _run_examples(version)))


def _run_examples(version: RuleBookVersion) -> list[ExampleResult]:
    examples = written_examples(version)
    if not examples:
        return []
    base, limits, targets = rule_base(version), limits_of(version), own_targets(version)
    codes = {record.outcome for example in examples for record in example.records}
    catalogue = {outcome.code: outcome for outcome in engine_outcomes(codes)}
    return [run_example(example, base, limits, targets, catalogue) for example in examples]
