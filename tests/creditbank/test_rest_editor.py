"""The rule editor over HTTP: one rule, limit or example at a time, each change a draft of its own, by the same persons as on the pages."""

from __future__ import annotations

import json

import pytest

from creditbank.agreements.checking import written_examples
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base
from foundation.api import AuditEntry
from identity.api import Role
from tests.creditbank.test_rest import bearer, token_of
from tests.factories.creditbank import OutcomeFactory, make_bank
from tests.factories.identity import InstitutionFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def officer(client, bank):
    """The client, signed in as the officer who drafts."""
    client.force_login(bank.officer)
    return client


def at(bank, path="", number=1):
    return f"/api/v1/rulebooks/{bank.version.book.code}/versions/{number}/{path}".rstrip("/")


def send(client, method, address, body=None, **head):
    return getattr(client, method)(address, json.dumps(body or {}), content_type="application/json", **head)


def rule(bank, number="R9", **changes):
    grant = {"kind": "course", "outcome": bank.programme.requirements.first().outcomes[0], "credits": "fixed", "amount": "3"}
    source = OutcomeFactory(code="MORE:X1", title_zh="老年护理", title_en="Care of the elderly", owner=bank.source)
    return {
        "id": number,
        "lhs": {"outcome": source.code, "min_score": "70"},
        "grants": [grant],
        "route": "review",
        "reason_zh": "相当",
    } | changes


def example(bank, code="E1", posted="3"):
    record = {"record": "a", "outcome": bank.outcomes[0].code, "earned_on": "2026-01-10", "score": "86", "gives": posted}
    return {
        "code": code,
        "title_zh": "一门课",
        "programme": bank.programme.code,
        "reviewed_on": "2026-03-02",
        "posted": posted,
        "records": [record],
    }


def newest(bank) -> RuleBookVersion:
    return bank.version.book.versions.order_by("-number").first()


def nothing_was_drafted(bank) -> bool:
    return bank.version.book.versions.count() == 1 and not AuditEntry.objects.filter(action="agreements.draft").exclude(
        object_key=str(bank.version.uuid)
    )


# --- rules ---


def test_a_rule_is_read_as_written_changed_and_sent_back_as_the_next_draft(officer, bank):
    read = officer.get(at(bank, "rules/R1")).json()
    stricter = read["document"] | {"lhs": read["document"]["lhs"] | {"min_score": "75"}}

    made = send(officer, "put", at(bank, "rules/R1"), {"document": stricter, "notes": "及格线提高"})

    assert (made.status_code, made.json()["number"], made.json()["status"]) == (201, 2, "draft")
    rules = {one.id: one for one in rule_base(newest(bank)).rules}
    assert (str(rules["R1"].lhs.leaf.min_score), rules["R1"].version, str(rules["R2"].lhs.leaf.min_score)) == ("75", 2, "60")
    assert (newest(bank).author_uuid, newest(bank).notes) == (bank.officer.uuid, "及格线提高")
    assert "75" in officer.get(at(bank, "rules/R1", 2)).json()["sentence_en"]
    assert (
        AuditEntry.objects.filter(action="agreements.draft", actor_uuid=bank.officer.uuid, object_key=str(newest(bank).uuid)).count() == 1
    )


def test_a_published_rule_is_read_by_anybody_and_a_draft_by_its_desk_alone(client, bank):
    assert client.get(at(bank, "rules/R1")).status_code == 200
    client.force_login(bank.officer)
    send(client, "delete", at(bank, "rules/R2"))
    client.logout()

    assert [client.get(at(bank, "rules/R1", 2)).status_code, client.get(at(bank, "rules/none")).status_code] == [404, 404]


def test_a_new_rule_with_conditions_is_added_and_one_is_left_out(officer, bank):
    both = {"all": [{"outcome": bank.outcomes[0].code, "min_score": "60"}, {"outcome": bank.outcomes[1].code, "max_age_months": 24}]}

    added = send(officer, "post", at(bank, "rules"), {"document": rule(bank, lhs=both)})
    removed = send(officer, "delete", at(bank, "rules/R1", 2))

    assert [answer.status_code for answer in (added, removed)] == [201, 201]
    assert [one.id for one in rule_base(newest(bank)).rules] == ["R2", "R9"]
    assert [leaf.leaf.max_age_months for leaf in rule_base(newest(bank)).rules[1].lhs.children] == [None, 24]


@pytest.mark.postgres(also="sqlite")  # whose columns are narrower
@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"id": "R1"}, "code_taken", ""),
        ({"lhs": {"outcome": "X", "min_scroe": "60"}}, "bad_rule", "unknown min_scroe"),
        ({"lhs": {"outcome": "X", "min_score": 60.5}}, "bad_rule", "write it in quotes"),
        ({"grants": []}, "bad_rule", "what it gives"),
        ({"grants": [{"kind": "gift"}]}, "bad_rule", "R9.grants[0].kind"),
        ({"priority": 99_999}, "bad_rule", "R9.priority"),
        ({"window_from": "2027-01-01", "window_to": "2026-01-01"}, "bad_rule", "R9.window_to"),
        ({"source": "x" * 301}, "bad_rule", "R9.source"),
        ({"agreement": "NONE"}, "bad_rule", "no agreement"),
        ({"id": "R 9/…"}, "bad_rule", ""),
    ],
    ids=range(10),
)
def test_a_rule_that_cannot_be_is_refused_with_its_place_and_nothing_is_drafted(officer, bank, change, code, place):
    answer = send(officer, "post", at(bank, "rules"), {"document": rule(bank, **change)})

    assert (answer.status_code, answer.json()["code"]) == (409 if code == "code_taken" else 422, code)
    assert place in answer.json()["detail"]
    assert nothing_was_drafted(bank)


def test_the_number_of_a_rule_never_changes_and_what_is_not_there_is_not_replaced(officer, bank):
    other = send(officer, "put", at(bank, "rules/R1"), {"document": rule(bank, "R7")})
    missing = [
        send(officer, "delete", at(bank, "rules/R7")), send(officer, "put", at(bank, "limits/L7"), {"document": {"id": "L7"}}),
        send(officer, "put", at(bank, "examples/E7"), {"document": example(bank, "E7")}),
    ]  # fmt: skip

    assert (other.status_code, other.json()["code"]) == (422, "bad_rule")
    assert [answer.status_code for answer in missing] == [404, 404, 404]
    assert nothing_was_drafted(bank)


def test_who_changes_an_older_version_than_the_newest_is_told_which_one_that_is(officer, bank):
    send(officer, "delete", at(bank, "rules/R2"))

    answer = send(officer, "delete", at(bank, "rules/R1"))

    assert (answer.status_code, answer.json()["code"], answer.json()["newest"]) == (409, "overtaken", 2)
    assert newest(bank).number == 2


def test_a_repeated_call_with_its_key_makes_one_draft(officer, bank):
    body = {"document": rule(bank)}

    first, again = (send(officer, "post", at(bank, "rules"), body, HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2))

    assert (first.status_code, again.status_code, first.json(), newest(bank).number) == (201, 201, again.json(), 2)


@pytest.mark.parametrize("who", ["anonymous", "token", "learner", "reviewer", "auditor", "officer_elsewhere"])
def test_only_officers_of_the_institution_draft(client, bank, who):
    people = {"learner": UserFactory, "reviewer": lambda: bank.reviewer, "auditor": lambda: bank.auditor,
              "officer_elsewhere": lambda: person_as(Role.CREDIT_OFFICER, InstitutionFactory())}  # fmt: skip
    head = bearer(token_of(bank.institution, "results:write")) if who == "token" else {}
    if who in people:
        client.force_login(people[who]())
    wanted = 403 if who in people else 401
    calls = [
        ("post", "rules", {"document": {"id": "X"}}), ("put", "rules/R1", {"document": {"id": "R1"}}), ("delete", "rules/R1", {}),
        ("post", "limits", {"document": {"id": "X"}}), ("delete", "limits/X", {}), ("post", "examples", {"document": {"code": "X"}}),
        ("delete", "examples/X", {}), ("post", "revise", {"valid_from": "2027-01-01", "notes": "x"}),
        ("post", "preview", {"kind": "rule", "document": {}}),
    ]  # fmt: skip

    answers = [send(client, method, at(bank, path), body, **head).status_code for method, path, body in calls]

    assert answers == [wanted] * len(calls)
    assert nothing_was_drafted(bank)


# --- limits, examples, days ---


def test_a_limit_is_added_reworded_and_left_out_with_the_source_of_its_figure(officer, bank):
    limit = {"id": "L1", "measure": "credits", "op": "<=", "bound": "30", "selector": {"source_type": ["certificate"]}}

    added = send(officer, "post", at(bank, "limits"), {"document": limit, "source": "教务处通知"})
    read = officer.get(at(bank, "limits/L1", 2)).json()
    reworded = send(
        officer, "put", at(bank, "limits/L1", 2), {"document": read["document"] | {"bound": None, "share": "1/2"}, "source": "新规定"}
    )
    removed = send(officer, "delete", at(bank, "limits/L1", 3))

    assert [answer.status_code for answer in (added, reworded, removed)] == [201, 201, 201]
    assert (read["source"], read["document"]["bound"], "30" in read["sentence_en"]) == ("教务处通知", "30", True)
    (stored,) = limits_of(bank.version.book.versions.get(number=3))
    assert (str(stored.share), stored.bound, bank.version.book.versions.get(number=3).limits.get().source) == ("1/2", None, "新规定")
    assert limits_of(newest(bank)) == ()


@pytest.mark.postgres(also="sqlite")  # whose columns are narrower
@pytest.mark.parametrize(
    "limit",
    [
        {"id": "L1"}, {"id": "L1", "bound": "1e12"}, {"id": "L1", "share": "1e999999999"}, {"id": "L1", "bound": "3", "selector": {"level": 3}},
        {"id": "L1", "bound": "3", "selector": {"level": [["x"], 1]}}, {"id": "L1", "bound": "1234567.5"}, {"id": "L1", "bound": "3", "year_start": [1000, 1]},
    ],
    ids=range(7),
)  # fmt: skip
def test_a_limit_that_cannot_be_is_refused_and_nothing_is_drafted(officer, bank, limit):
    answer = send(officer, "post", at(bank, "limits"), {"document": limit})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rule")
    assert nothing_was_drafted(bank)


def test_an_example_is_tried_added_written_anew_read_and_left_out(officer, bank):
    tried = send(officer, "post", at(bank, "preview"), {"kind": "example", "document": example(bank, posted="4")}).json()
    added = send(officer, "post", at(bank, "examples"), {"document": example(bank)})
    anew = send(officer, "put", at(bank, "examples/E1", 2), {"document": example(bank) | {"title_en": "One course"}})
    read = officer.get(at(bank, "examples", 3)).json()["items"]
    removed = send(officer, "delete", at(bank, "examples/E1", 3))

    assert (tried["passed"], [(row["record"], row["expected"], row["found"]) for row in tried["differences"]]) == (
        False, [("", "4", "3"), ("a", "4", "3")],
    )  # fmt: skip
    assert [answer.status_code for answer in (added, anew, removed)] == [201, 201, 201]
    assert read == [{"code": "E1", "document": example(bank) | {"title_en": "One course"}}]
    assert officer.get(at(bank, "findings", 3)).json()["examples"] == [
        {"code": "E1", "title_zh": "一门课", "title_en": "One course", "passed": True}
    ]
    assert written_examples(newest(bank)) == []


@pytest.mark.postgres(also="sqlite")  # whose columns are narrower
@pytest.mark.parametrize(
    "change",
    [{"records": []}, {"reviewed_on": "soon"}, {"code": "E" * 41}, {"title_zh": "长" * 161}, {"posted": "1e9"}, {"code": "E 1"}],
    ids=range(6),
)
def test_an_example_that_cannot_be_is_refused_and_nothing_is_drafted(officer, bank, change):
    answer = send(officer, "post", at(bank, "examples"), {"document": example(bank) | change})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rule")
    assert nothing_was_drafted(bank)


def test_a_record_that_stands_twice_in_an_example_is_refused(officer, bank):
    said = example(bank)

    answer = send(officer, "post", at(bank, "examples"), {"document": said | {"records": said["records"] * 2}})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rule")
    assert nothing_was_drafted(bank)


def test_the_day_from_which_a_draft_is_to_hold_is_changed_and_its_content_stays(officer, bank):
    answer = send(officer, "post", at(bank, "revise"), {"valid_from": "2027-09-01", "notes": "下学年起"})

    assert (answer.status_code, answer.json()["valid_from"], newest(bank).notes) == (201, "2027-09-01", "下学年起")
    assert [one.id for one in rule_base(newest(bank)).rules] == ["R1", "R2"]


# --- preview, and the whole way ---


def test_a_preview_says_a_rule_and_a_limit_in_both_languages_and_saves_nothing(officer, bank):
    said = send(officer, "post", at(bank, "preview"), {"kind": "rule", "document": rule(bank)}).json()
    limit = send(officer, "post", at(bank, "preview"), {"kind": "limit", "document": {"id": "L1", "bound": "30"}}).json()
    bad = send(officer, "post", at(bank, "preview"), {"kind": "rule", "document": {"id": "R9", "grants": "x"}})

    assert ("老年护理" in said["sentence_zh"], "Care of the elderly" in said["sentence_en"], said["passed"]) == (True, True, None)
    assert ("30" in limit["sentence_zh"], bad.status_code, bad.json()["code"]) == (True, 422, "bad_rule")
    assert nothing_was_drafted(bank)


def test_a_draft_is_written_piece_by_piece_linted_and_published_by_another_person(client, bank):
    client.force_login(bank.officer)
    steps = [
        send(client, "post", at(bank, "rules"), {"document": rule(bank)}),
        send(client, "post", at(bank, "limits", 2), {"document": {"id": "L1", "bound": "60"}, "source": "办法第九条"}),
        send(client, "post", at(bank, "examples", 3), {"document": example(bank)}),
        send(client, "post", at(bank, "revise", 4), {"valid_from": "2027-01-01", "notes": "增加一条规则"}),
    ]
    findings = client.get(at(bank, "findings", 5)).json()
    own = send(client, "post", at(bank, "publish", 5), {})
    client.force_login(bank.reviewer)
    words = {row["code"]: "已知悉" for row in findings["findings"]}
    done = send(client, "post", at(bank, "publish", 5), {"acknowledged": words})

    assert [step.status_code for step in steps] == [201] * 4
    assert (findings["blocked"], own.status_code, done.status_code, done.json()["status"]) == (False, 403, 200, "published")
    public = client.__class__().get(at(bank, number=5)).json()
    assert ([one["id"] for one in public["rules"]], [one["id"] for one in public["limits"]]) == (["R1", "R2", "R9"], ["L1"])
