"""The rule editor: a plain sentence before anything is saved, a draft for every change, examples and checks beside it, and nobody else's book."""

from __future__ import annotations

import importlib
import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creditbank.agreements.queries import limits_of, rule_base
from creditbank.api import RuleBookVersion, draft_version, publish_rules
from creditbank.rules.reading import read_rule, rule_document
from creditbank.simulation.editing import document_from, fits_form, initial_of
from creditbank.simulation.models import SimulationRun
from foundation.api import AuditEntry
from identity.api import Role
from tests.factories.creditbank import LATER, earn, make_bank
from tests.factories.identity import MembershipFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db
NAUGHTY = ["\x00", "' OR 1=1 --", "x" * 5000, "{{7*7}}", "9" * 400, "NaN", "[" * 3000, '{"id": 1}', "null", "-1"]


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def at_the_desk(client, bank):
    client.force_login(bank.officer)
    return client


def address(bank, rest: str = "") -> str:
    return f"/desk/rulebooks/{bank.version.book.code}/edit/{rest}"


def newest(bank) -> RuleBookVersion:
    return bank.version.book.versions.order_by("-number").first()


def typed(bank, **changes: str) -> dict[str, str]:
    """A rule as typed: the first outcome of the bank, 65 points, gives the first target course with 3 credits."""
    target = bank.programme.requirements.get(path="1.1").outcomes[0]
    return {
        "id": "R9", "s1_outcome": bank.outcomes[0].code, "s1_min_score": "65", "s1_trust": "verified", "g1_kind": "course", "g1_outcome": target,
        "g1_credits": "fixed", "g1_amount": "3", "together": "all", "offer": "all", "window_date": "earned", "route": "review", "priority": "100",
        "reason_zh": "内容相当", "reason_en": "same content", "step": "save",
    } | changes  # fmt: skip


def counts(bank) -> tuple[int, int]:
    return bank.version.book.versions.count(), AuditEntry.objects.count()


def test_the_editor_shows_rules_limits_examples_and_checks(at_the_desk, bank):
    page = at_the_desk.get(address(bank))

    assert [row["rule"].id for row in page.context["rules"]] == ["R1", "R2"]
    assert "《来源课程1》" in page.content.decode()
    assert page.context["changes"] == []


def test_rules_are_found_by_number_and_by_words(at_the_desk, bank):
    assert [row["rule"].id for row in at_the_desk.get(address(bank), {"q": "来源课程2"}).context["rules"]] == ["R2"]
    assert [row["rule"].id for row in at_the_desk.get(address(bank), {"q": "r1"}).context["rules"]] == ["R1"]


def test_the_sentence_is_shown_in_both_languages_before_anything_is_saved(at_the_desk, bank):
    before = counts(bank)

    page = at_the_desk.post(address(bank, "rules/new/"), typed(bank, step="preview"))

    assert [language for language, _text in page.context["sentences"]] == ["zh-hans", "en"]
    assert "成绩 ≥ 65" in page.context["sentences"][0][1]
    assert "score ≥ 65" in page.context["sentences"][1][1]
    assert counts(bank) == before


def test_a_new_rule_is_a_new_draft_and_what_was_published_stays(at_the_desk, bank):
    at_the_desk.post(address(bank, "rules/new/"), typed(bank))

    draft = newest(bank)
    rule = next(rule for rule in rule_base(draft).rules if rule.id == "R9")
    assert (draft.number, draft.status, draft.author_uuid) == (2, "draft", bank.officer.uuid)
    assert (rule.lhs.leaf.min_score, rule.grants[0].amount, rule.version) == (Decimal(65), Decimal(3), 2)
    assert [rule.id for rule in rule_base(bank.version).rules] == ["R1", "R2"]


def test_a_changed_rule_says_what_changes_and_the_others_keep_their_version(at_the_desk, bank):
    at_the_desk.post(address(bank, "rules/R1/"), typed(bank, id="R1"))

    draft = newest(bank)
    assert {rule.id: rule.version for rule in rule_base(draft).rules} == {"R1": 2, "R2": 1}
    page = at_the_desk.get(address(bank))
    [change] = page.context["changes"]
    assert (change["one"].kind, change["one"].id) == ("changed", "R1")
    assert ("-", "60") in change["pieces"]
    assert ("+", "65") in change["pieces"]


def test_a_rule_is_taken_out_in_a_draft(at_the_desk, bank):
    at_the_desk.post(address(bank, "rules/R2/remove/"))

    assert [rule.id for rule in rule_base(newest(bank)).rules] == ["R1"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"s1_outcome": "NO:SUCH"}, "s1_outcome"),
        ({"s1_outcome": ""}, "s1_outcome"),
        ({"g1_kind": ""}, "g1_kind"),
        ({"g1_outcome": "NO:SUCH"}, "g1_outcome"),
        ({"s1_min_score": "many"}, "s1_min_score"),
        ({"priority": "-1"}, "priority"),
        ({"window_from": "soon"}, "window_from"),
        ({"id": "no blanks"}, "id"),
        ({"id": "R1"}, "id"),
    ],
)
def test_a_mistake_is_said_at_its_field_keeps_what_was_typed_and_saves_nothing(at_the_desk, bank, change, field):
    before = counts(bank)

    page = at_the_desk.post(address(bank, "rules/new/"), typed(bank, **change))

    assert (page.status_code, field in page.context["form"].errors) == (400, True)
    assert "内容相当" in page.content.decode()
    assert counts(bank) == before


def test_a_draft_that_somebody_overtook_is_told_and_saves_nothing(at_the_desk, bank, monkeypatch):
    views = importlib.import_module("creditbank.simulation.views.editor")
    stale, real = newest(bank), views.put_rule
    monkeypatch.setattr(views, "put_rule", lambda version, rule, **more: real(stale, rule, **more))
    at_the_desk.post(address(bank, "rules/new/"), typed(bank))
    before = counts(bank)

    page = at_the_desk.post(address(bank, "rules/new/"), typed(bank, id="R10"), follow=True)

    assert "已有人保存了草稿 2" in page.content.decode()
    assert counts(bank) == before


def nested(bank) -> dict:
    first, second = (outcome.code for outcome in bank.outcomes)
    return {
        "id": "R7", "lhs": {"all": [{"outcome": first}, {"not": {"outcome": second}}]}, "grants": [{"kind": "elective", "amount": "1"}],
        "reason_zh": "甲", "reason_en": "a",
    }  # fmt: skip


def test_a_rule_that_no_form_can_show_is_edited_as_typed_data(at_the_desk, bank):
    page = at_the_desk.post(address(bank, "rules/new/") + "?document=1", {"document": json.dumps(nested(bank)), "step": "save"})

    assert page.status_code == 302
    shown = at_the_desk.get(address(bank, "rules/R7/"))
    assert shown.context["as_document"] is True
    assert json.loads(shown.context["form"]["document"].value())["lhs"]["all"][1] == {"not": {"outcome": bank.outcomes[1].code}}


@pytest.mark.parametrize("bad", NAUGHTY)
def test_typed_data_that_is_no_rule_is_refused_with_its_place(at_the_desk, bank, bad):
    before = counts(bank)

    page = at_the_desk.post(address(bank, "rules/new/") + "?document=1", {"document": bad, "step": "save"})

    assert (page.status_code, bool(page.context["form"].errors)) == (400, True)
    assert counts(bank) == before


@pytest.mark.parametrize("bad", NAUGHTY)
@pytest.mark.parametrize("field", ["id", "s1_outcome", "s1_min_score", "g1_amount", "evidence", "programmes", "agreement", "k", "together"])
def test_whatever_is_typed_is_answered_with_a_page(at_the_desk, bank, field, bad):
    assert at_the_desk.post(address(bank, "rules/new/"), typed(bank, **{field: bad, "step": "preview"})).status_code in {200, 400}


def test_form_and_typed_rule_are_two_sides_of_one_thing(bank):
    document = {
        "id": "R8", "lhs": {"n_of": [{"outcome": "A:1", "min_score": "60"}, {"outcome": "A:2", "trust": "institution"}], "k": 1},
        "grants": [{"kind": "course", "outcome": "B:1", "credits": "rate", "max_amount": "4"}, {"kind": "exemption", "outcome": "B:2"}],
        "priority": 50, "route": "panel", "evidence": ["证书", "记录"], "window_from": "2025-01-01", "reason_zh": "甲", "reason_en": "a", "offer": "any",
    }  # fmt: skip
    rule = read_rule(document, 3)

    assert fits_form(rule)
    again = read_rule(document_from(initial_of(rule)), 3)
    assert rule_document(again) == rule_document(rule)


def test_a_limit_is_put_in_changed_and_taken_out(at_the_desk, bank):
    body = {
        "id": "L1",
        "measure": "credits",
        "op": "<=",
        "bound": "30",
        "source_type": ["certificate"],
        "per": "none",
        "overflow": "truncate",
        "source": "出处",
    }

    at_the_desk.post(address(bank, "limits/new/"), body)
    at_the_desk.post(address(bank, "limits/L1/"), body | {"bound": "", "share": "1/2"})

    [limit] = limits_of(newest(bank))
    assert (limit.id, limit.bound, str(limit.share), limit.overflow) == ("L1", None, "1/2", "truncate")
    at_the_desk.post(address(bank, "limits/L1/remove/"))
    assert limits_of(newest(bank)) == ()


@pytest.mark.parametrize("change", [{"bound": ""}, {"share": "1/2"}, {"bound": "-1"}, {"bound": "", "share": "0/0"}, {"per": "decade"}])
def test_a_limit_with_a_mistake_saves_nothing(at_the_desk, bank, change):
    before = counts(bank)
    body = {"id": "L1", "measure": "credits", "op": "<=", "bound": "30", "per": "none", "overflow": "truncate"} | change

    assert at_the_desk.post(address(bank, "limits/new/"), body).status_code == 400
    assert counts(bank) == before


def example(bank, **changes: str) -> dict[str, str]:
    return {
        "code": "E1", "title_zh": "86 分得 3 学分", "programme": bank.programme.code, "reviewed_on": "2026-03-02", "outcome": bank.outcomes[0].code,
        "score": "86", "earned_on": "2026-01-15", "posted": "3",
    } | changes  # fmt: skip


def test_an_example_passes_or_says_what_comes_out_instead(at_the_desk, bank):
    at_the_desk.post(address(bank, "examples/new/"), example(bank))
    at_the_desk.post(address(bank, "examples/new/"), example(bank, code="E2", score="59"))

    results = {result.example.code: result for result in at_the_desk.get(address(bank)).context["examples"]}
    assert results["E1"].passed
    assert [(one.expected, one.found) for one in results["E2"].differences] == [("3", "0")]


def test_a_version_whose_example_fails_is_not_published(at_the_desk, bank):
    from creditbank.agreements.exceptions import ExamplesFail

    at_the_desk.post(address(bank, "examples/new/"), example(bank, posted="4"))

    with pytest.raises(ExamplesFail):
        publish_rules(newest(bank), actor=bank.reviewer, at=LATER)
    assert newest(bank).status == "draft"


def test_the_day_from_which_a_draft_holds_can_be_changed(at_the_desk, bank):
    at_the_desk.post(address(bank, "draft/"), {"valid_from": "2027-09-01", "notes": "提高分数线"})

    assert (newest(bank).valid_from, newest(bank).notes) == (date(2027, 9, 1), "提高分数线")


def test_a_reviewer_reads_and_does_not_write(client, bank):
    client.force_login(bank.reviewer)
    before = counts(bank)

    assert client.get(address(bank)).status_code == 200
    assert [
        client.post(address(bank, rest), typed(bank)).status_code for rest in ("rules/new/", "rules/R1/remove/", "limits/new/", "draft/")
    ] == [403] * 4
    assert counts(bank) == before


def test_another_institutions_officer_does_not_see_the_book(client, bank):
    client.force_login(person_as(Role.CREDIT_OFFICER))

    assert [client.get(address(bank, rest)).status_code for rest in ("", "rules/R1/", "rules/new/")] == [404] * 3


def test_thirty_rules_ask_as_much_as_one(at_the_desk, bank):
    def asked(rules: int) -> int:
        grant = {"kind": "elective", "amount": "1"}
        drafted = [
            {"id": f"Q{n}", "lhs": {"outcome": bank.outcomes[n % 2].code}, "grants": [grant], "reason_zh": "甲", "reason_en": "a"}
            for n in range(rules)
        ]
        draft_version(bank.version.book, rules=drafted, limits=[], valid_from=date(2027, 1, 1), actor=bank.officer)
        at_the_desk.get(address(bank))
        with CaptureQueriesContext(connection) as queries:
            shown = at_the_desk.get(address(bank))
        assert len(shown.context["rules"]) == rules
        return len(queries)

    assert asked(1) == asked(30)


# --- what a draft would change for everybody ---


@pytest.fixture
def simulated(at_the_desk, bank, settings, tmp_path):
    """A draft that asks for 90 points, compared over one learner who had 80; the address of its page."""
    settings.MEDIA_ROOT = tmp_path
    person = UserFactory()
    MembershipFactory(person=person, institution=bank.institution, role=Role.LEARNER)
    earn(bank, person, score="80")
    at_the_desk.post(address(bank, "rules/R1/"), typed(bank, id="R1", s1_min_score="90"))
    return person, at_the_desk.post(address(bank, "simulate/"))["Location"]


def test_a_simulation_is_started_from_the_editor_and_shows_who_loses(at_the_desk, bank, simulated):
    person, page = simulated

    shown = at_the_desk.get(page)

    assert (shown.context["counts"]["lost"], shown.context["net"]) == (1, Decimal(-3))
    assert [row.learner for _verdict, rows in shown.context["examples"] for row in rows] == [str(person.uuid)]
    assert str(person.uuid) not in shown.content.decode()  # eight letters of the pseudonym are enough to tell examples apart
    assert at_the_desk.get(address(bank)).context["runs"][0].state == "done"


def test_every_row_can_be_taken_along_as_parquet(at_the_desk, simulated, tmp_path):
    import pandas as pd

    answer = at_the_desk.get(f"{simulated[1]}learners.parquet")
    (tmp_path / "rows.parquet").write_bytes(b"".join(answer.streaming_content))

    assert len(pd.read_parquet(tmp_path / "rows.parquet")) == 1


def test_the_version_in_force_cannot_be_compared_with_itself(at_the_desk, bank):
    page = at_the_desk.post(address(bank, "simulate/"), follow=True)

    assert "没有可比较的对象" in page.content.decode()
    assert not SimulationRun.objects.exists()


def test_another_institution_does_not_see_a_simulation(client, simulated):
    client.force_login(person_as(Role.REVIEWER))

    assert [client.get(simulated[1] + rest).status_code for rest in ("", "learners.parquet")] == [404, 404]
