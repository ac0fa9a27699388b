"""The conversion explorer, both ways round: what something is worth, and what leads somewhere. Public, and without a person in the link."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.agreements.editions import shelf
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import rule_base
from creditbank.api import Transaction, draft_version, publish_rules
from creditbank.recognition.exploring import find_outcomes, flow_of, sources_of_outcome, sources_of_programme
from foundation.api import AuditEntry
from tests.factories.creditbank import (
    ACKNOWLEDGED,
    OutcomeFactory,
    ProgrammeFactory,
    RequirementFactory,
    RuleBookFactory,
    make_bank,
    make_learner,
)
from tests.factories.identity import InstitutionFactory

pytestmark = pytest.mark.django_db
NAUGHTY = ["\x00", "'", '"', "%", "' OR 1=1 --", "x" * 10000, "../../etc/passwd", "{{7*7}}", "-1", "9" * 40, "NaN", "1e999", "　", "&to=1"]


@pytest.fixture
def bank():
    return make_bank()


def text(response) -> str:
    return response.content.decode()


def test_an_outcome_shows_what_it_is_worth_by_which_rule_and_how_that_comes_about(client, bank):
    source = bank.outcomes[0]

    page = client.get("/convert/", {"have": source.code})

    [line] = page.context["opened"].shown.lines
    assert (page.context["opened"].worth, line.rule, line.version, line.arithmetic) == (Decimal(3), "R1", 1, "规则定为 3 学分")
    assert f'href="/rules/{bank.version.book.code}/v1/#R1"' in text(page)
    assert [condition.text for condition in line.conditions if "成绩" in condition.text] == ["成绩：要求 60，实际 80"]


def test_a_score_below_the_bound_counts_nothing_and_says_what_would_change_it(client, bank):
    page = client.get("/convert/", {"have": bank.outcomes[0].code, "score": "59"})

    assert page.context["opened"].counts is False
    assert "成绩达到 60 即可认定。" in text(page)


def test_two_outcomes_are_worth_their_best_use_together(client, bank):
    page = client.get("/convert/", {"have": [outcome.code for outcome in bank.outcomes]})

    assert page.context["opened"].worth == Decimal(5)


def test_the_link_to_an_answer_names_outcomes_and_nobody(client, bank):
    learner = make_learner(bank)
    client.force_login(learner)
    code = bank.outcomes[0].code

    page = client.get("/convert/", {"have": code})

    assert page.context["share"] == f"http://testserver/convert/?have={code.replace(':', '%3A')}&to={bank.programme.code}"
    assert str(learner.uuid) not in text(page)


def test_ones_own_archive_can_be_asked_with_and_is_never_a_link(client, bank):
    learner = make_learner(bank)
    client.force_login(learner)

    page = client.get("/convert/", {"mine": "1"})

    assert (page.context["is_mine"], page.context["share"]) == (True, "")
    assert page.context["opened"].worth == Decimal(5)
    assert "no-cache" in page["Cache-Control"]


def test_an_empty_archive_says_where_to_begin(client, bank):
    from tests.factories.identity import UserFactory

    client.force_login(UserFactory())

    page = client.get("/convert/", {"mine": "1"})

    assert (page.context["opened"], "您的档案还是空的" in text(page)) == (None, True)


def test_asking_with_an_archive_needs_somebody_signed_in(client, bank):
    page = client.get("/convert/", {"mine": "1"})

    assert (page.status_code, page.context["is_mine"], page.context["opened"]) == (200, False, None)


def test_words_that_fit_one_outcome_choose_it(client, bank):
    OutcomeFactory(code="X:ONLY", title_zh="独一无二的证书")

    page = client.get("/convert/", {"q": "独一无二"})

    assert [outcome.code for outcome in page.context["chosen"]] == ["X:ONLY"]
    assert page.context["words"] == ""


def test_words_that_fit_several_outcomes_list_them(client, bank):
    page = client.get("/convert/", {"q": "来源课程", "have": bank.outcomes[0].code})

    assert [outcome.code for outcome in page.context["found"]] == [bank.outcomes[1].code]
    assert page.context["chosen"] == [bank.outcomes[0]]


def test_words_that_fit_nothing_say_so_and_keep_what_was_typed(client, bank):
    page = client.get("/convert/", {"q": "没有这样的课", "have": bank.outcomes[0].code})

    assert "目录里没有叫“没有这样的课”的成果" in text(page)
    assert 'value="没有这样的课"' in text(page)
    assert page.context["opened"].worth == Decimal(3)


def test_every_word_has_to_fit():
    OutcomeFactory(code="X:A", title_zh="老年护理", title_en="Care of the elderly")
    OutcomeFactory(code="X:B", title_zh="老年营养", title_en="Nutrition")

    assert [outcome.code for outcome in find_outcomes("老年 nutrition")[0]] == ["X:B"]
    assert find_outcomes("") == ([], 0)


def test_more_than_twenty_hits_are_counted_not_listed():
    for number in range(23):
        OutcomeFactory(code=f"X:{number:02}", title_zh=f"书法{number:02}")

    found, count = find_outcomes("书法")

    assert (len(found), count) == (20, 23)


def test_a_chosen_outcome_can_be_left_out_again(client, bank):
    first, second = (outcome.code for outcome in bank.outcomes)

    page = client.get("/convert/", {"have": [first, second], "drop": first})

    assert [outcome.code for outcome in page.context["chosen"]] == [second]


def test_programmes_of_institutions_without_rules_are_counted_apart(client, bank):
    ProgrammeFactory()

    page = client.get("/convert/", {"have": bank.outcomes[0].code})

    assert (len(page.context["giving"]), len(page.context["refusing"]), len(page.context["without_rules"])) == (1, 0, 1)


def test_an_outcome_that_no_rule_is_about_is_refused_without_being_decided(client, bank):
    stranger = OutcomeFactory(code="X:STRANGER")

    page = client.get("/convert/", {"have": stranger.code})

    assert (page.context["opened"].shown, page.context["opened"].version) == (None, bank.version)
    assert "这家机构没有涉及它的规则。" in text(page)


@pytest.mark.parametrize("bad", NAUGHTY)
@pytest.mark.parametrize("name", ["have", "to", "score", "q", "drop", "mine"])
def test_whatever_stands_in_the_address_is_a_page(client, bank, name, bad):
    assert client.get("/convert/", {name: bad, "have": [bad, bank.outcomes[0].code]}).status_code == 200


@pytest.mark.parametrize("bad", NAUGHTY)
@pytest.mark.parametrize("name", ["course", "programme", "q"])
def test_whatever_stands_in_the_other_address_is_a_page(client, bank, name, bad):
    assert client.get("/convert/towards/", {name: bad}).status_code == 200


def test_asking_writes_nothing(client, bank):
    before = Transaction.objects.count(), AuditEntry.objects.count()

    client.get("/convert/", {"have": bank.outcomes[0].code})
    client.get("/convert/towards/", {"programme": bank.programme.code})

    assert (Transaction.objects.count(), AuditEntry.objects.count()) == before


def test_a_course_lists_every_rule_that_gives_it(bank):
    target = bank.programme.requirements.get(path="1.1").outcomes[0]
    course = type(bank.outcomes[0]).objects.get(code=target)

    [source] = sources_of_outcome(course, on=timezone.localdate(), language="zh-hans")

    assert (source.rule.id, source.kind, source.version) == ("R1", "course", bank.version)
    assert source.sentence == "《来源课程1》（成绩 ≥ 60） ⇒ 《目标课程1》，3 学分。"


def test_a_programme_lists_the_rules_of_each_requirement(client, bank):
    rows = sources_of_programme(bank.programme, on=timezone.localdate(), language="zh-hans")
    page = client.get("/convert/towards/", {"programme": bank.programme.code})

    assert [(row.leaf.path, [source.rule.id for source in row.sources]) for row in rows] == [("1.1", ["R1"]), ("1.2", ["R2"])]
    assert text(page).count("计为这门课程") == 2


def test_a_course_that_no_rule_gives_says_so(client, bank):
    page = client.get("/convert/towards/", {"course": bank.outcomes[0].code})

    assert "没有已发布的规则通向这里" in text(page)


def test_a_drawing_joins_all_threads_of_the_source_to_those_given(client, bank):
    page = client.get("/convert/", {"have": bank.outcomes[0].code})

    flow = flow_of(page.context["opened"], page.context["facts"].records)

    assert (len(flow.left), len(flow.right), len(flow.joins)) == (4, 3, 4)
    assert (flow.left_kind, flow.right_kind) == ("k-v", "k-a")


def test_english_pages_are_english(client, bank):
    page = client.get("/en/convert/", {"have": bank.outcomes[0].code})

    assert "fixed at 3" in text(page)
    assert "Rule" in text(page)


def test_evidence_that_a_rule_asks_to_see_is_named_and_stands_in_nobodys_way(client, bank):
    rule = {
        "id": "R1", "lhs": {"outcome": bank.outcomes[0].code}, "grants": [{"kind": "elective", "amount": "1"}], "evidence": ["培训记录"],
        "reason_zh": "甲", "reason_en": "a",
    }  # fmt: skip
    draft = draft_version(bank.version.book, rules=[rule], limits=[], valid_from=timezone.localdate(), actor=bank.officer)
    ProgrammeFactory(institution=bank.institution)
    RequirementFactory(programme=bank.programme, path="2", elective=True)
    publish_rules(draft, actor=bank.reviewer, at=timezone.now(), acknowledged=ACKNOWLEDGED)

    page = client.get("/convert/", {"have": bank.outcomes[0].code, "to": bank.programme.code})

    [line] = page.context["opened"].shown.lines
    assert (line.evidence, line.credits) == (("培训记录",), Decimal(1))


# --- as many questions to the database for thirty programmes and institutions as for one ---


@pytest.mark.parametrize("kept", [False, True], ids=["read for the first time", "read before"])
@pytest.mark.parametrize("address", ["/convert/", "/convert/towards/", "/api/v1/convert"])
def test_the_explorer_asks_as_much_for_thirty_programmes_of_thirty_institutions_as_for_one(
    client, bank, address, kept, django_assert_num_queries
):
    def ask():
        if address == "/api/v1/convert":
            return client.post(address, {"outcomes": [bank.outcomes[0].code]}, content_type="application/json")
        return client.get(address, {"have": bank.outcomes[0].code, "course": leads_to})

    def measured():
        shelf.kept.clear()
        if kept:
            ask()
        with CaptureQueriesContext(connection) as asked:
            assert ask().status_code == 200
        return len(asked)

    leads_to = rule_base(bank.version).rules[0].grants[0].outcome
    ask()  # what the first request of a process asks for: the site, the session
    once = measured()
    book_with_thirty_copies(bank)

    assert RuleBookVersion.objects.in_force(on=timezone.localdate()).count() == 30
    assert measured() == once


def book_with_thirty_copies(bank):
    """Twenty-nine more institutions with a programme and a rule about the same outcome."""
    rule = {"lhs": {"outcome": bank.outcomes[0].code}, "reason_zh": "内容相当", "reason_en": "same content"}
    for number in range(29):
        place = InstitutionFactory()
        programme = ProgrammeFactory(institution=place)
        given = OutcomeFactory(code=f"COPY{number}:T", owner=place, credits=Decimal(3))
        RequirementFactory(programme=programme, path="1.1", outcomes=[given.code], need_credits=Decimal(3))
        grant = {"kind": "course", "outcome": given.code, "credits": "fixed", "amount": "3"}
        book = RuleBookFactory(institution=place)
        draft = draft_version(
            book, rules=[{"id": "R1", "grants": [grant], **rule}], limits=[], valid_from=date(2025, 1, 1), actor=bank.officer
        )
        RuleBookVersion.objects.filter(pk=draft.pk).update(status="published", publisher_uuid=bank.reviewer.uuid)
