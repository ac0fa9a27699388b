"""What speaks against publishing a version: lint against the catalogue, and examples that come out otherwise."""

from __future__ import annotations

from django.db.models import Prefetch

from creditbank.agreements.editions import Edition, edition_now, kept_of
from creditbank.agreements.enums import AgreementStatus
from creditbank.agreements.examples import ExampleResult, WrittenExample, read_example, run_example
from creditbank.agreements.models import Agreement, ExampleRecord, RuleBookVersion, RuleExample
from creditbank.agreements.queries import limits_of, own_targets, rule_base
from creditbank.catalogue.models import Outcome
from creditbank.catalogue.queries import engine_outcomes
from creditbank.rules.findings import Finding
from creditbank.rules.lint import lint
from creditbank.rules.types import RuleBase


def findings_of(version: RuleBookVersion, edition: Edition | None = None) -> tuple[Finding, ...]:
    """The lint of a version against the catalogue, the open programmes of its institution, and the signatures under its agreements.

    Judged on the day from which the version is to hold, once an edition of the catalogue.
    """
    known = edition or edition_now(version)
    return kept_of("findings", [version], known, lambda missing: {one.uuid: _find(one, known) for one in missing})[version.uuid]


def _find(version: RuleBookVersion, edition: Edition) -> tuple[Finding, ...]:
    base, known = rule_base(version, edition), list(Outcome.objects.values_list("code", flat=True))
    found = lint(base, limits_of(version, edition), own_targets(version), known, on=version.valid_from)
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


def examples_of(version: RuleBookVersion, edition: Edition | None = None) -> list[ExampleResult]:
    """Every example of a version, run once an edition of the catalogue. A flat number of queries."""
    known = edition or edition_now(version)
    return list(
        kept_of("examples", [version], known, lambda missing: {one.uuid: _run_examples(one, known) for one in missing})[version.uuid]
    )


def try_example(version: RuleBookVersion, example: WrittenExample) -> ExampleResult:
    """How a version answers an example that does not stand in it."""
    return _run(version, [example], edition_now(version))[0]


def _run_examples(version: RuleBookVersion, edition: Edition) -> list[ExampleResult]:
    examples = written_examples(version)
    return _run(version, examples, edition) if examples else []


def _run(version: RuleBookVersion, examples: list[WrittenExample], edition: Edition) -> list[ExampleResult]:
    base, limits, targets = rule_base(version, edition), limits_of(version, edition), own_targets(version)
    codes = {record.outcome for example in examples for record in example.records}
    catalogue = {outcome.code: outcome for outcome in engine_outcomes(codes)}
    return [run_example(example, base, limits, targets, catalogue) for example in examples]
