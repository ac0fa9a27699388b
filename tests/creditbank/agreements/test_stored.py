"""What the database holds is what the engine knows: stored and read back, every kind of rule, limit and programme is the same."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from creditbank.agreements.actions import draft_agreement, store_version
from creditbank.agreements.actions.drafting import BookSettings
from creditbank.agreements.contracts import Agreement
from creditbank.agreements.models import LimitRow, RuleBook, RuleRow
from creditbank.agreements.queries import LIMIT_COLUMNS, RULE_COLUMNS, limits_of, rule_base
from creditbank.catalogue.actions import import_catalogue, set_requirements
from creditbank.catalogue.models import Programme
from creditbank.catalogue.queries import target_of
from creditbank.rules.decide import decide
from creditbank.rules.files.cells import Problems, Row
from creditbank.rules.files.writing import base_tables
from creditbank.rules.snapshot import UNORDERED, canonical, plain
from creditbank.rules.types import CreditSystem, Grade, GradeScale, Level, RuleBase, Target
from identity.api import Institution
from tests.factories.identity import InstitutionFactory, UserFactory
from tests.rules.cases import cases, question
from tests.rules.test_writing import BASE, LIMITS, TARGET

QUERIES = 17
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
EXAMPLES = [pytest.param(case, id=name) for name, case in cases("decide") if "error" not in case["expect"]]
V = CreditSystem("V", Decimal(16), Decimal("0.5"), hours_min=Decimal(16), hours_max=Decimal(18))
WHOLE = replace(BASE, systems=(*(replace(unit, hours_min=unit.hours_min or unit.hours_nominal, hours_max=unit.hours_max or unit.hours_nominal)
                                 for unit in BASE.systems), V),
                levels=(*BASE.levels, Level("EQF", "4", 4)), scales=(*BASE.scales, GradeScale("ECTS", (Grade("E", 1), Grade("A", 5))), GradeScale("P", (Grade("P", 1),)),
                        GradeScale("UK", (Grade("fail", 0, passes=False), Grade("first", 2)))))  # fmt: skip
pytestmark = [pytest.mark.django_db, pytest.mark.postgres(also="sqlite")]


def rows_of(tables, problems):
    return {
        name: [Row(f"{name}.csv", number, cells, problems) for number, cells in enumerate(rows, start=2)] for name, rows in tables.items()
    }


def store(base: RuleBase, limits, targets: dict[str, Target], *, actor):
    """Everything of a rule base in the database, by the actions that officers use; the home of all is institution HOME."""
    places = {"HOME"} | {outcome.owner for outcome in base.outcomes} | {scale.institution for scale in base.scales}
    places |= {code for agreement in base.agreements for code, _role in agreement.parties}
    for code in sorted(places - {""}):
        if not Institution.objects.filter(code=code).exists():
            InstitutionFactory(code=code)
    for one in base.agreements:
        parties = {Institution.objects.get(code=code): role for code, role in one.parties}
        known = draft_agreement(
            code=one.code, kind=one.kind, parties=parties, title_zh="协议", starts_on=one.window_from, ends_on=one.window_to, actor=actor,
            at=AT, precedence=one.precedence, conserve=one.conserve,
        )  # fmt: skip
        Agreement.objects.filter(pk=known.pk).update(status=one.status, was_signed=True)
    problems = Problems()
    tables = base_tables(replace(base, rules=(), agreements=()), (), targets.items())
    tables.pop("settings", None)
    import_catalogue(rows_of(tables, problems), problems, actor=actor, at=AT, places=None)
    for programme in Programme.objects.all():
        set_requirements(programme, targets[programme.cohort])
    book = RuleBook.objects.create(code="BOOK", institution=Institution.objects.get(code="HOME"), title_zh="手册")
    settings = BookSettings(base.eligible, base.not_eligible, base.titles)
    return store_version(book, rules=base.rules, limits=limits, valid_from=date(2020, 1, 1), actor=actor, settings=settings)


def with_agreements(base: RuleBase) -> RuleBase:
    """The example's rules with an agreement for every precedence: that is where a precedence comes from in the database."""
    from creditbank.rules.types import Agreement as EngineAgreement

    wanted = sorted({rule.precedence for rule in base.rules if rule.precedence})
    agreements = tuple(
        EngineAgreement(f"AG{rank}", parties=(("HOME", "both"), ("THERE", "send")), window_from=date(1990, 1, 1), precedence=rank)
        for rank in wanted
    )
    rules = tuple(replace(rule, agreement=f"AG{rule.precedence}" if rule.precedence else "") for rule in base.rules)
    return replace(base, rules=rules, agreements=(*base.agreements, *agreements))


def as_stored(base: RuleBase, version) -> RuleBase:
    """The rule base with the order, name and number that the database gives."""
    return replace(base, rules=tuple(sorted(base.rules, key=lambda rule: rule.id)), book="BOOK", version=version.number)


def unordered(base: RuleBase):
    """A rule base with its tables in canonical order: their order says nothing."""
    return {name: sorted(map(canonical, value)) if name in UNORDERED else value for name, value in plain(base).items()}


@pytest.mark.parametrize("case", EXAMPLES)
def test_every_example_is_decided_the_same_from_the_database(case):
    facts, base, limits, on = question(case)
    base = with_agreements(base)
    units = tuple(replace(unit, hours_min=unit.hours_nominal, hours_max=unit.hours_nominal) for unit in base.systems)
    base = replace(base, systems=units, convertible=(*base.convertible, ("vocational", "academic")))
    target = replace(facts.target, owner=facts.target.owner or "HOME", total=facts.target.total or Decimal(100))
    InstitutionFactory(code=target.owner) if target.owner != "HOME" else None

    version = store(base, limits, {facts.cohort: target} if target.leaves else {}, actor=UserFactory())
    stored = rule_base(version)
    programme = Programme.objects.select_related("institution", "system").first()
    read = target_of(programme) if programme else target

    named = {code for rule in base.rules for grant in rule.grants for code in grant.outcome.split(";")}
    named |= {leaf.outcome for rule in base.rules for leaf in rule.lhs.leaves()}
    expected = as_stored(replace(base, outcomes=tuple(one for one in base.outcomes if one.code in named)), version)
    assert canonical(replace(read, leaves=()) if not target.leaves else read) == canonical(target)
    assert canonical(stored.rules) == canonical(expected.rules)
    before = decide(replace(facts, target=target), expected, limits, on)
    assert canonical(decide(replace(facts, target=read), stored, limits_of(version), on)) == canonical(before)


def test_every_field_of_every_type_survives_the_database():
    base = replace(
        WHOLE,
        rules=tuple(replace(rule, agreement="AG1", precedence=20) for rule in WHOLE.rules),
        agreements=tuple(replace(one, supersedes="", version=1, window_to=None) for one in WHOLE.agreements),
        convertible=(("vocational", "academic"),),
    )
    owner = TARGET.owner or "HOME"
    target = replace(TARGET, owner=owner)
    InstitutionFactory(code=owner) if owner not in {"HOME", "AAA", "BBB"} else None

    version = store(base, LIMITS, {"2026": target}, actor=UserFactory())

    stored = rule_base(version)
    programme = Programme.objects.select_related("institution", "system").get(shared_code="P1", cohort="2026")
    assert unordered(replace(stored, outcomes=())) == unordered(replace(as_stored(base, version), outcomes=()))
    assert stored.outcomes == tuple(one for one in base.outcomes if one.code == "AAA:X")
    assert {limit.id: limit for limit in limits_of(version)} == {limit.id: limit for limit in LIMITS}
    assert target_of(programme) == target


def test_every_field_of_a_rule_and_of_a_limit_has_its_column():
    assert set(RULE_COLUMNS) <= {field.name for field in RuleRow._meta.get_fields()}
    assert set(LIMIT_COLUMNS) <= {field.name for field in LimitRow._meta.get_fields()}
    assert {field.name for field in fields(Target)} == {
        "code", "system", "total", "category", "leaves", "nodes", "field", "eligible", "not_eligible", "owner"
    }  # fmt: skip


@pytest.mark.parametrize("rules", [1, 30])
def test_a_rule_base_takes_the_same_number_of_queries_however_many_rules(rules, django_assert_num_queries):
    many = tuple(replace(BASE.rules[0], id=f"R{number:03}", agreement="AG1") for number in range(rules))
    base = replace(WHOLE, rules=many, agreements=tuple(replace(one, supersedes="") for one in WHOLE.agreements))
    version = store(base, LIMITS, {}, actor=UserFactory())

    with django_assert_num_queries(QUERIES):
        assert len(rule_base(version).rules) == rules
