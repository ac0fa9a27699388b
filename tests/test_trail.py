"""The audit log as auditors search it."""

from __future__ import annotations

import ast
import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.urls import reverse

from config.operations import trail
from foundation.api import AuditEntry, audit_context, build_audit_entry, record_audit_entries
from identity.api import Role
from tests.city import ROOT
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db
PAGE = "/en/ops/audit/"


@pytest.fixture
def auditor(client):
    person = person_as(Role.AUDITOR, name="高审计")
    client.force_login(person)
    return person


def entry(action="recognition.decide", *, actor=None, concerns=None, about=None, reason="", at=datetime(2026, 3, 1, 4, tzinfo=UTC), **data):
    """An entry as an action leaves it, at a time of our own."""
    row = build_audit_entry(action, actor=actor, about=about, concerns=concerns.uuid if concerns else None, reason=reason, data=data)
    row.at = at
    record_audit_entries([row])
    return AuditEntry.objects.latest("id")


def found(client, **asked):
    return [line.entry for line in client.get(PAGE, asked).context["lines"]]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.AUDITOR])
def test_nobody_but_auditors_reads_the_log(client, role):
    client.force_login(person_as(role))

    assert [client.get(PAGE).status_code, client.get(reverse("ops_audit_file")).status_code] == [403, 403]
    assert not AuditEntry.objects.filter(action__startswith="audit.").exists()


def test_an_entry_shows_who_did_what_to_whom_and_why(client, auditor):
    officer, learner = UserFactory(name="周老师"), UserFactory(name="林晓雯")
    with audit_context(acting_role="credit_officer", acting_institution="JLOU", request_id="r-77", address="192.0.2.9"):
        entry(actor=officer, concerns=learner, about=learner, reason="成绩单与原件一致", outcome="full")

    page = client.get(PAGE).content.decode()

    for text in (
        "周老师",
        "JLOU ·",
        "credit officer",
        "recognition.decide",
        "成绩单与原件一致",
        "林晓雯",
        "outcome",
        "full",
        "r-77",
        "192.0.2.9",
    ):
        assert text in page, text


def test_each_condition_narrows_what_is_found(client, auditor):
    one, other = UserFactory(), UserFactory()
    first = entry("recognition.decide", actor=one, concerns=other, about=other, at=datetime(2026, 3, 1, 15, 59, tzinfo=UTC))
    second = entry(
        "ledger.deposit", actor=other, concerns=one, about=one, at=datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    )  # the 2nd in Shanghai
    entry("ledgers.other", at=datetime(2026, 2, 1, tzinfo=UTC))

    assert found(client, concerned=str(one.uuid)) == [second]
    assert found(client, actor=one.email) == [first]
    assert found(client, area="ledger") == [second]
    assert found(client, key=str(other.uuid)) == [first]
    assert found(client, since="2026-03-02", until="2026-03-02") == [second]
    assert found(client, since="2026-03-01", until="2026-03-01") == [first]
    assert found(client, area="ledger", actor=one.email) == []


def test_looking_for_a_person_leaves_a_line_there_and_looking_around_leaves_none(client, auditor):
    learner = UserFactory()

    client.get(PAGE)
    client.get(PAGE, {"area": "ledger"})
    client.get(PAGE, {"concerned": learner.email, "since": "2026-01-01"})
    client.get(PAGE, {"concerned": learner.email, "after": "no marker of ours"})

    first, second = AuditEntry.objects.filter(action="audit.search").order_by("id")
    assert (first.actor_uuid, first.person_uuid, first.data) == (auditor.uuid, learner.uuid, {"since": "2026-01-01"})
    assert (second.actor_uuid, second.person_uuid, second.data) == (auditor.uuid, learner.uuid, {})


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"concerned": "nobody@example.org"}, "concerned"), ({"since": "yesterday"}, "since"), ({"since": "2026-03-02", "until": "2026-03-01"}, "until"),
        ({"area": "weather"}, "area"), ({"key": "x" * 65}, "key"), ({"actor": "a\x00b"}, "actor"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_read_says_where_and_finds_nothing(client, auditor, asked, field):
    entry()

    answer = client.get(PAGE, asked)

    assert (answer.status_code, answer.context["lines"], list(answer.context["form"].errors)) == (200, [], [field])
    assert client.get(reverse("ops_audit_file"), asked).status_code == 400
    assert not AuditEntry.objects.filter(action__startswith="audit.").exists()


def test_whoever_was_erased_is_found_by_pseudonym_alone(client, auditor):
    gone = UserFactory()
    row = entry(concerns=gone)
    pseudonym = gone.uuid
    gone.delete()

    answer = client.get(PAGE, {"concerned": str(pseudonym)})

    assert [line.entry for line in answer.context["lines"]] == [row]
    assert answer.context["lines"][0].concerned == "nobody any more"


def test_the_file_holds_what_was_asked_for_with_no_formula_and_is_recorded(client, auditor):
    entry("ledger.deposit", reason="")
    entry("recognition.decide", reason="=HYPERLINK(1)", note="x")

    answer = client.get("/en/ops/audit/entries.csv", {"area": "recognition"})

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["action"], row["reason"], row["details"], row["time"]) for row in rows] == [
        ("recognition.decide", "'=HYPERLINK(1)", "note: x", "2026-03-01T12:00:00+08:00")
    ]
    (line,) = AuditEntry.objects.filter(action="audit.export")
    assert (line.actor_uuid, line.person_uuid, line.data) == (auditor.uuid, None, {"area": "recognition"})


def test_the_log_goes_on_behind_its_first_page(client, auditor, monkeypatch):
    monkeypatch.setattr(trail, "PAGE_SIZE", 2)
    rows = [entry(number=number) for number in range(3)]

    first = client.get(PAGE, {"area": "recognition"})
    second = client.get(PAGE, {"area": "recognition", "after": first.context["page"].after})

    assert [line.entry for line in (*first.context["lines"], *second.context["lines"])] == rows[::-1]


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_takes_as_many_queries_for_thirty_entries_as_for_one(client, auditor, django_assert_num_queries, number):
    for _each in range(number):
        person = UserFactory()
        entry(actor=UserFactory(), concerns=person, about=person, reason="因为")
    client.get(PAGE)

    with django_assert_num_queries(7):
        client.get(PAGE)


def test_the_overview_leads_operators_and_auditors_to_their_pages(client):
    links = {}
    for role in (Role.OPERATOR, Role.AUDITOR):
        client.force_login(person_as(role))
        cards = client.get("/en/ops/").context["cards"]
        links[role] = [(card.name, card.state) for card in cards]
        assert [client.get(card.address).status_code for card in cards] == [200] * 4

    shared = [("The books", "warn"), ("State of the service", "ok"), ("Wishes to be erased", "ok")]
    assert links == {Role.OPERATOR: [*shared, ("Institutions", "")], Role.AUDITOR: [*shared, ("Audit log", "")]}


def actions_in(module):
    """What a module writes as actions: literally, or by the name of a constant of its own."""
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record_audit_entry", "build_audit_entry"} and node.args:
            first = node.args[0]
            action = first.value if isinstance(first, ast.Constant) else constants.get(getattr(first, "id", ""))
            if action:
                yield action


def test_every_action_that_is_written_belongs_to_an_area_in_words():
    written = {
        action.partition(".")[0]
        for app in ("foundation", "identity", "cms", "learning", "creditbank", "config", "seeds")
        for path in (ROOT / app).rglob("*.py")
        for action in actions_in(ast.parse(path.read_text("utf-8")))
    }

    assert len(written) > 10
    assert written - set(trail.AREAS) == set()


@pytest.mark.postgres(also="sqlite")
@pytest.mark.parametrize("wanted", [{"area": "ledger"}, {"actor": UUID(int=1)}, {"concerned": UUID(int=1)}], ids=str)
def test_an_index_leads_to_the_newest_of_what_is_asked_for_without_sorting(wanted):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")

    plan = trail.entries_like(wanted).order_by("-at", "-id")[:51].explain().lower()

    assert "audit_by_" in plan
    assert "sort" not in plan
    assert "b-tree for order" not in plan
