"""Keeping the store: tokens, limits, refusals, purging, forwarding, and the school administrator's page."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from foundation.api import AuditEntry, LightCounter
from foundation.audit.models import DeletionPermit
from identity.api import Role
from learning.xapi.accounts import register_home
from learning.xapi.forwarding import ForwardingRefused, forward_all, set_forwarding, stop_forwarding
from learning.xapi.keys import create_key, revoke_key
from learning.xapi.models import Statement, StatementTerm, StatementTotal, XapiAccount, XapiAttachment, XapiForward, XapiKey, XapiRefusal
from learning.xapi.retention import purge
from tests.factories.identity import InstitutionFactory, MembershipFactory, UserFactory
from tests.learning.xapi.test_accounts import HOME, by
from tests.learning.xapi.test_store import ACTIVITY, ME, Store, statement

pytestmark = pytest.mark.django_db
LEARNER = {"account": {"homePage": HOME, "name": "1"}}
OTHER = {"account": {"homePage": HOME, "name": "2"}}


@pytest.fixture
def school():
    place = InstitutionFactory()
    register_home(place, HOME, actor=None, at=timezone.now())
    return place


def bearer(store: Store, **wanted) -> Store:
    """A client with a token of the store's key."""
    answer = store.ask("POST", "tokens", {"seconds": 600, **wanted})
    assert answer.status_code == 200, answer.content
    found = Store(store.base)
    found.headers = {**store.headers, "authorization": f"Bearer {answer.json()['token']}"}
    return found


# --- tokens ---


def test_a_learners_token_writes_about_that_learner_in_that_registration_and_voids_nothing(school):
    registration = str(uuid4())
    store = Store(institution=school)
    token = bearer(store, actor=LEARNER, registration=registration)
    own = {"actor": LEARNER, "context": {"registration": registration}}

    assert token.send(by("1", **own)).status_code == 200
    refused = [
        token.send(by("2", actor=OTHER, context={"registration": registration})), token.send(by("1", actor=LEARNER)),
        token.send(by("1", actor=LEARNER, context={"registration": str(uuid4())})),
        token.send(by("1", **own, verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object={"objectType": "StatementRef", "id": str(uuid4())})),
        token.ask("POST", "tokens", {"seconds": 5}),
        token.ask("PUT", "activities/state", {}, activityId=ACTIVITY, agent=json.dumps(OTHER), stateId="s", registration=registration),
        token.ask("PUT", "activities/profile", {}, activityId=ACTIVITY, profileId="s"),
    ]  # fmt: skip
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    own_state = {"activityId": ACTIVITY, "agent": json.dumps(LEARNER), "stateId": "s", "registration": registration}
    assert token.ask("PUT", "activities/state", {"at": 1}, **own_state).status_code == 204
    assert Statement.objects.count() == 1


def test_a_learners_token_reads_that_learners_statements_alone(school):
    store = Store(institution=school)
    mine, theirs = by("1"), by("2")
    store.send(mine, theirs)

    assert bearer(store, actor=LEARNER).found() == [mine["id"]]
    assert set(bearer(store).found()) == {mine["id"], theirs["id"]}


def test_a_token_ends_with_its_time_and_with_its_key(school, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    store = Store(institution=school)
    token = bearer(store)
    time_machine.shift(601)
    assert token.ask("GET", "statements").status_code == 401
    time_machine.shift(-601)
    assert token.ask("GET", "statements").status_code == 200

    revoke_key(store.key, actor=None, at=timezone.now())

    assert token.ask("GET", "statements").status_code == 401


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"seconds": 0}, 403), ({"seconds": 10**9}, 403), ({"seconds": 90_000, "actor": LEARNER}, 403), ({"scopes": ["all"]}, 403), ({"seconds": "5"}, 400),
        ({"actor": {"name": "x"}}, 400), ({"registration": "1"}, 400), ({"scopes": "all"}, 400), ({"more": 1}, 400), ([], 400), (None, 400),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_token_gives_no_more_than_its_key(school, wanted, status):
    body = {"seconds": 60, **wanted} if isinstance(wanted, dict) else wanted
    answer = Store(institution=school).ask("POST", "tokens", body)

    assert answer.status_code == status


# --- limits and what is remembered of refusals ---


def test_beyond_so_many_requests_a_minute_the_answer_is_429_with_when_to_come_back(settings, monkeypatch):
    from learning.xapi import protocol

    monkeypatch.setattr(protocol, "CALLS", LightCounter(every=1))
    settings.XAPI_REQUESTS_PER_MINUTE = 3
    store = Store()

    answers = [store.ask("GET", "statements") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert Store().ask("GET", "statements").status_code == 200


def test_guessing_secrets_is_slowed_down(settings):
    settings.XAPI_FAILED_SIGN_INS_PER_MINUTE = 2
    store = Store()
    wrong = [store.ask("GET", "statements", headers={"authorization": "Basic YTpi"}).status_code for _ in range(4)]

    assert wrong == [401, 401, 429, 429]


def test_a_light_counter_lets_at_most_every_calls_through_beyond_the_limit():
    counter = LightCounter(every=10)
    passed = sum(not counter.limited("door", limit=25, seconds=60, now=1000.0) for _ in range(60))
    other = LightCounter(every=10)
    passed += sum(not other.limited("door", limit=25, seconds=60, now=1001.0) for _ in range(60))

    assert 25 <= passed <= 25 + 10
    assert not counter.limited("door", limit=25, seconds=60, now=1061.0)


def test_a_refusal_is_remembered_with_its_part_and_without_what_was_sent(school):
    store = Store(institution=school)
    store.send(by("1"), by("1", result={"score": {"scaled": 7}}))
    store.send(by("1", actor=ME))

    rows = list(XapiRefusal.objects.order_by("id").values_list("status", "part", "method", "resource"))
    assert rows == [
        (400, "statements[1].result.score.scaled", "POST", "statements"), (403, "statements[0].actor.account.homePage", "POST", "statements"),
    ]  # fmt: skip
    assert "mailto" not in str(list(XapiRefusal.objects.values()))


def test_one_who_errs_all_the_time_is_remembered_sixty_times_a_minute(school):
    store = Store(institution=school)
    for _ in range(70):
        store.ask("POST", "statements", b"{")

    assert XapiRefusal.objects.count() == 60


# --- purging ---


def test_purging_counts_first_and_deletes_with_terms_attachments_and_a_line_in_the_log(school, capsys):
    store = Store(institution=school)
    store.send(by("1", timestamp="2020-03-31T20:00:00Z"), by("1", timestamp="2020-04-05T00:00:00Z"), by("2"))
    Store().send(statement())
    day = (timezone.localdate() + timedelta(days=0)).isoformat()

    call_command("xapi_purge", "--before", day)
    assert "0 statements would be deleted" in capsys.readouterr().out
    before = timezone.now() + timedelta(minutes=1)
    done = purge(before, institution=school, actor=None, reason="end of the contract", at=timezone.now())

    assert done.statements == {school.code: 3}
    assert (Statement.objects.count(), DeletionPermit.objects.count()) == (1, 0)
    assert not StatementTerm.objects.exclude(statement__in=Statement.objects.all()).exists()
    totals = StatementTotal.objects.order_by("month", "id").values_list("month", "statements")
    assert [(month.isoformat()[:7], number) for month, number in totals][:1] == [("2020-04", 2)]
    entry = AuditEntry.objects.get(action="xapi.purge")
    assert (entry.reason, entry.data["statements"]) == ("end of the contract", 3)


def test_a_second_purge_adds_to_the_totals(school):
    store = Store(institution=school)
    for _ in range(2):
        store.send(by("1", timestamp="2020-01-02T00:00:00Z"))
        purge(timezone.now() + timedelta(minutes=1), actor=None, reason="r", at=timezone.now())

    assert StatementTotal.objects.get().statements == 2


def test_an_attachment_goes_with_the_last_statement_that_names_it():
    store = Store()
    content = b"a certificate"
    import hashlib

    sha2 = hashlib.sha256(content).hexdigest()
    about = {"usageType": "http://example.org/u", "display": {"en": "x"}, "contentType": "text/plain", "length": len(content), "sha2": sha2}

    def post(sent):
        head = f"--b\r\nContent-Type: application/json\r\n\r\n{json.dumps(sent)}\r\n--b\r\nContent-Type: text/plain\r\n"
        body = f"{head}Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"
        kind = "multipart/mixed; boundary=b"
        return store.client.generic("POST", "/xapi/2.0/statements", body, content_type=kind, headers=store.headers)

    assert post(statement(attachments=[about])).status_code == 200
    moment = timezone.now()
    assert post(statement(attachments=[about])).status_code == 200
    file = XapiAttachment.objects.get().file

    assert purge(moment, actor=None, reason="r", at=moment).attachments == 0
    assert XapiAttachment.objects.count() == 1
    assert purge(timezone.now() + timedelta(minutes=1), actor=None, reason="r", at=moment).attachments == 1
    assert not file.storage.exists(file.name)


def test_without_a_permit_no_statement_can_be_deleted():
    Store().send(statement())
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.all()._raw_delete("default")

    assert Statement.objects.count() == 1


@pytest.mark.parametrize(
    "arguments", [["--before", "tomorrow"], ["--before", "2026-13-01"], ["--before", "2999-01-01"], ["--institution", "NOBODY"]]
)
def test_a_purge_that_makes_no_sense_is_refused(arguments):
    with pytest.raises(CommandError):
        call_command("xapi_purge", *arguments)


# --- forwarding ---


class OtherStore(BaseHTTPRequestHandler):
    """Another record store: takes statements, or answers as the test wants."""

    taken: list[dict]
    answers: list[int]
    refuses = ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = type(self).answers.pop(0) if type(self).answers else 200
        if status == 200 and self.refuses and self.refuses.encode() in body:
            status = 400
        if status == 200:
            type(self).taken += json.loads(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"because")

    def log_message(self, *args):
        pass


@pytest.fixture
def other(settings):
    handler = type("Handler", (OtherStore,), {"taken": [], "answers": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.OUTBOUND_TEST_HOSTS = [f"127.0.0.1:{server.server_port}"]
    handler.url = f"http://127.0.0.1:{server.server_port}/xapi"
    yield handler
    server.shutdown()


def forwarding(school, other):
    return set_forwarding(school, url=other.url, username="key", secret="s3cret", actor=None, at=timezone.now())


def test_what_is_stored_from_now_on_is_sent_once_and_in_order(school, other):
    store = Store(institution=school)
    store.send(by("0"))
    forwarding(school, other)
    sent = [by(str(number)) for number in range(5)]
    store.send(*sent)
    Store(institution=InstitutionFactory(website="https://x.example.edu.cn"))

    assert forward_all(timezone.now() + timedelta(seconds=1)) == {school.code: 5}
    assert forward_all(timezone.now() + timedelta(seconds=2)) == {school.code: 0}

    assert [item["id"] for item in other.taken] == [item["id"] for item in sent]
    row = XapiForward.objects.get()
    assert (row.sent, row.failures, row.last_error, row.last_success_at is not None) == (5, 0, "", True)
    assert "s3cret" not in row.secret


def test_a_failure_waits_longer_each_time_and_loses_nothing(school, other):
    forwarding(school, other)
    Store(institution=school).send(by("1"))
    other.answers += [503, 401, 200]
    start = timezone.now()

    assert forward_all(start) == {school.code: 0}
    first = XapiForward.objects.get()
    assert (first.failures, first.next_try_at, first.last_error) == (1, start + timedelta(minutes=1), "503 because")
    assert forward_all(start + timedelta(seconds=30)) == {}
    assert forward_all(start + timedelta(minutes=1)) == {school.code: 0}
    assert XapiForward.objects.get().next_try_at == start + timedelta(minutes=3)
    assert forward_all(start + timedelta(minutes=3)) == {school.code: 1}
    assert (len(other.taken), XapiForward.objects.get().failures) == (1, 0)


def test_a_statement_that_the_other_store_refuses_is_left_out_and_counted(school, other):
    forwarding(school, other)
    other.refuses = "poison"
    Store(institution=school).send(*[by("poison" if number == 3 else str(number)) for number in range(7)])

    assert forward_all(timezone.now()) == {school.code: 6}
    row = XapiForward.objects.get()
    assert (row.sent, row.skipped, len(other.taken)) == (6, 1, 6)


def test_stopped_means_nothing_is_sent(school, other):
    row = forwarding(school, other)
    stop_forwarding(row, actor=None)
    Store(institution=school).send(by("1"))

    assert forward_all(timezone.now()) == {}
    assert other.taken == []


def test_nobody_forwards_into_the_house(school):
    with pytest.raises(ForwardingRefused) as refused:
        set_forwarding(school, url="https://127.0.0.1/xapi", username="k", secret="s", actor=None, at=timezone.now())

    assert refused.value.code == "address"
    assert not XapiForward.objects.exists()


def test_the_command_says_how_many_went(school, other, capsys):
    forwarding(school, other)
    Store(institution=school).send(by("1"))

    call_command("xapi_forward")

    assert capsys.readouterr().out == f"{school.code}: 1 sent\n"


# --- the page ---


@pytest.fixture
def desk(school, client):
    client.force_login(MembershipFactory(institution=school, role=Role.SCHOOL_ADMINISTRATOR).person)
    return lambda name, data=None, *more: (
        client.post(reverse(f"learning:{name}", args=[school.code, *more]), data) if data is not None else client.get(reverse(f"learning:{name}", args=[school.code]))
    )  # fmt: skip


def test_a_key_is_made_shown_once_used_and_revoked(school, desk):
    made = desk("store_key_create", {"name": "Moodle", "reading": "mine"})
    fresh = made.context["fresh"]
    key = XapiKey.objects.get()

    assert fresh["secret"] in made.content.decode()
    assert fresh["secret"] not in desk("store").content.decode()
    assert (key.institution, key.scopes) == (school, ["statements/write", "state", "profile", "define", "statements/read/mine"])
    assert desk("store_key_revoke", {}, key.key).status_code == 302
    assert XapiKey.objects.get().revoked_at is not None


def test_the_page_shows_days_waiting_numbers_and_what_was_refused(school, desk):
    store = Store(institution=school)
    store.send(by("2024001"), by("2024001"), by("2024002"))
    store.send(by("1", result={"score": {"scaled": 7}}))

    page = desk("store")

    state = page.context["state"]
    assert (state.total, [day.statements for day in state.days if day.statements]) == (3, [3])
    assert {(row.name, row.statements) for row in state.waiting} == {("2024001", 2), ("2024002", 1)}
    assert "statement.result.score.scaled" in page.content.decode()


def test_a_number_is_linked_from_the_page(school, desk):
    learner = UserFactory(email="mei@example.org")
    Store(institution=school).send(by("2024001"))

    assert desk("store_link", {"number": "2024001", "person": "nobody@example.org"}).status_code == 422
    assert desk("store_link", {"number": "2024001", "person": "mei@example.org"}).status_code == 302

    assert XapiAccount.objects.get().person_uuid == learner.uuid


def test_the_test_statement_needs_a_key_and_a_system_and_is_nobodys(school, desk):
    desk("store_test", {})
    assert Statement.objects.count() == 0

    create_key("k", institution=school, scopes=None, actor=None, at=timezone.now())
    desk("store_test", {})

    assert Statement.objects.count() == 1
    assert desk("store").context["state"].waiting == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("store_key_create", {"name": "", "reading": "mine"}), ("store_key_create", {"name": "x", "reading": "everything"}), ("store_home", {"address": "moodle"}),
        ("store_home", {"address": "http://localhost:8000/learners"}), ("store_link", {"number": "", "person": ""}),
        ("store_forwarding", {"url": "https://127.0.0.1/", "username": "k", "secret": "s"}), ("store_forwarding", {"url": "https://x.example.org", "username": "k"}),
    ],
    ids=range(7),
)  # fmt: skip
def test_bad_input_is_named_kept_and_changes_nothing(school, desk, name, data):
    answer = desk(name, data)

    assert answer.status_code == 422
    assert answer.context["bound"].errors
    assert (XapiKey.objects.count(), XapiForward.objects.count()) == (0, 0)


def test_another_schools_administrator_is_refused(school, client):
    client.force_login(MembershipFactory(role=Role.SCHOOL_ADMINISTRATOR).person)

    assert client.get(reverse("learning:store", args=[school.code])).status_code == 403
    assert client.post(reverse("learning:store_key_create", args=[school.code]), {"name": "x", "reading": "mine"}).status_code == 403
    assert not XapiKey.objects.exists()


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_costs_the_same_for_one_number_and_for_thirty(school, desk, number, django_assert_max_num_queries):
    Store(institution=school).send(*[by(str(one)) for one in range(number)])
    with django_assert_max_num_queries(22):
        desk("store")
