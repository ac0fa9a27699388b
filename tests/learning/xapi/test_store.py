"""The record store over HTTP: what it takes, what it refuses and why, who may read what. (ADL's own suite runs beside the project; what it
taught stands here.)"""

from __future__ import annotations

import base64
import hashlib
import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.api import AuditEntry
from learning.xapi.keys import create_key, revoke_key
from learning.xapi.models import Statement, StatementTerm, XapiDocument, XapiKey
from tests.factories.identity import InstitutionFactory

pytestmark = pytest.mark.django_db
ME = {"objectType": "Agent", "mbox": "mailto:me@example.org"}
ACTIVITY = "http://example.org/course"


class Store:
    """A client of the store with a key."""

    def __init__(self, base: str = "2.0", *, institution=None, scopes=None):
        self.base = base
        self.key, secret = create_key("test", institution=institution, scopes=scopes, actor=None, at=timezone.now())
        word = base64.b64encode(f"{self.key.key}:{secret}".encode()).decode()
        self.headers = {"authorization": f"Basic {word}", "x-experience-api-version": "2.0.0" if base == "2.0" else "1.0.3"}
        self.client = Client(raise_request_exception=True)

    def ask(self, method, address, body=None, *, headers=None, **params):
        data = body if isinstance(body, bytes | str) or body is None else json.dumps(body)
        kwargs = {"content_type": "application/json", "data": data or ""} if method not in {"GET", "HEAD"} else {}
        return self.client.generic(
            method, f"/xapi/{self.base}/{address}", headers=self.headers | (headers or {}), query_params=params, **kwargs
        )

    def send(self, *statements):
        return self.ask("POST", "statements", list(statements) if len(statements) > 1 else statements[0])

    def found(self, **params):
        return [item["id"] for item in self.ask("GET", "statements", **params).json()["statements"]]


def statement(**parts):
    return {"id": str(uuid4()), "actor": ME, "verb": {"id": "http://example.org/did"}, "object": {"id": ACTIVITY}, **parts}


@pytest.fixture
def store():
    return Store()


def test_a_statement_comes_back_with_what_the_store_adds(store):
    sent = statement(context={"contextActivities": {"parent": {"id": "http://example.org/p"}}})

    assert store.send(sent).json() == [sent["id"]]
    back = store.ask("GET", "statements", statementId=sent["id"])

    found = back.json()
    assert found["context"]["contextActivities"] == {"parent": [{"id": "http://example.org/p"}]}
    assert (found["actor"], found["version"], found["timestamp"]) == (ME, "2.0.0", found["stored"])
    assert found["authority"]["account"]["name"] == store.key.key
    assert back["X-Experience-API-Version"] == "2.0.0"
    assert back["X-Experience-API-Consistent-Through"] > found["stored"]


def test_a_batch_is_stored_whole_or_not_at_all_and_the_bad_one_is_named(store):
    bad = statement(result={"score": {"scaled": 1.5}})

    answer = store.send(statement(), bad, statement())

    assert (answer.status_code, answer.json()["error"]) == (400, "statements[1].result.score.scaled: lies outside of -1 … 1")
    assert (Statement.objects.count(), StatementTerm.objects.count()) == (0, 0)


def test_the_same_again_is_nothing_new_and_something_else_under_its_id_is_refused(store):
    first = statement(verb={"id": "http://example.org/did", "display": {"en": "did"}})
    store.send(first)

    again = store.send({**first, "verb": {"id": "http://example.org/did", "display": {"de": "tat"}}})
    other = store.send({**first, "verb": {"id": "http://example.org/other"}})
    twice = store.send(statement(id=first["id"]), statement(id=first["id"]))

    assert [again.status_code, other.status_code, twice.status_code] == [200, 409, 400]
    assert Statement.objects.count() == 1


BAD = {
    "no actor": ({"actor": None}, "statement.actor"), "two identifiers": ({"actor": {**ME, "openid": "http://x.org/"}}, "statement.actor"),
    "unknown": ({"mood": "good"}, "statement.mood"), "null": ({"result": None}, "statement.result"), "uuid": ({"id": "1"}, "statement.id"),
    "verb": ({"verb": {"id": "did"}}, "statement.verb.id"), "time": ({"timestamp": "2026-02-30T00:00:00Z"}, "statement.timestamp"),
    "minus zero": ({"timestamp": "2026-02-03T00:00:00-00:00"}, "statement.timestamp"),
    "duration": ({"result": {"duration": "P4W1D"}}, "statement.result.duration"),
    "language": ({"verb": {"id": "http://x.org/v", "display": {"not a tag": "x"}}}, "statement.verb.display.not a tag"),
    "sub-sub": ({"object": {"objectType": "SubStatement", **statement(object={"objectType": "SubStatement"}), "id": "x"}}, "statement.object"),
    "voiding an activity": ({"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}}, "statement.object"),
    "platform of an agent": ({"object": ME, "context": {"platform": "x"}}, "statement.context.platform"),
    "components": ({"object": {"id": ACTIVITY, "definition": {"interactionType": "likert", "choices": []}}}, "statement.object.definition.choices"),
    "flag": ({"result": {"success": 1}}, "statement.result.success"), "bool as number": ({"result": {"score": {"raw": True}}}, "statement.result.score.raw"),
    "empty group": ({"actor": {"objectType": "Group", "member": []}}, "statement.actor"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_part_is_named_and_nothing_is_stored(store, name):
    parts, path = BAD[name]
    sent = {key: value for key, value in statement(**parts).items() if not (key == "actor" and value is None)}

    answer = store.send(sent)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(path if name != "no actor" else "statement: actor is missing")
    assert Statement.objects.count() == 0


def test_filters_find_by_every_part_and_through_pointers(store):
    registration = str(uuid4())
    done = statement(context={"registration": registration, "instructor": {"mbox": "mailto:teacher@example.org"}})
    other = statement(
        actor={"mbox": "mailto:other@example.org"}, object={"id": "http://example.org/x"}, verb={"id": "http://example.org/saw"}
    )
    pointer = statement(
        actor={"mbox": "mailto:third@example.org"},
        verb={"id": "http://example.org/liked"},
        object={"objectType": "StatementRef", "id": done["id"]},
    )
    for item in (done, other, pointer):
        store.send(item)
    both, teacher = [pointer["id"], done["id"]], json.dumps({"mbox": "mailto:teacher@example.org"})

    assert store.found(agent=json.dumps(ME)) == both
    assert store.found(activity=ACTIVITY) == both
    assert store.found(registration=registration) == both
    assert store.found(verb="http://example.org/saw") == [other["id"]]
    assert store.found(agent=teacher) == []
    assert store.found(agent=teacher, related_agents="true") == both
    assert store.found(ascending="true") == [done["id"], other["id"], pointer["id"]]
    stored = store.ask("GET", "statements", statementId=other["id"]).json()["stored"]
    assert (store.found(since=stored), store.found(until=stored)) == ([pointer["id"]], [other["id"], done["id"]])


@pytest.mark.parametrize(
    "params",
    [{"Agent": "{}"}, {"agent": "{}"}, {"agent": "nonsense"}, {"limit": "-1"}, {"limit": "x"}, {"since": "yesterday"}, {"format": "short"},
     {"ascending": "yes"}, {"registration": "1"}, {"activity": "no iri"}, {"statementId": "1"}, {"verb": "\x00"}],
)  # fmt: skip
def test_unknown_and_wrong_parameters_are_refused(store, params):
    assert store.ask("GET", "statements", **params).status_code == 400


def test_pages_are_complete_and_free_of_doubles_while_others_write(store):
    ids = [item["id"] for item in (statement() for _ in range(7))]
    store.send(*[statement(id=ident) for ident in ids])
    page = store.ask("GET", "statements", limit="3").json()
    seen = [item["id"] for item in page["statements"]]
    while page["more"]:
        store.send(statement())
        page = store.client.get(page["more"], headers=store.headers).json()
        seen += [item["id"] for item in page["statements"]]

    assert seen == ids[::-1]
    forged = store.client.get("/xapi/2.0/statements/more/forged", headers=store.headers)
    assert forged.status_code == 400


@pytest.mark.parametrize("voided_first", [True, False])
def test_what_is_voided_is_gone_from_the_lists_whichever_came_first(store, voided_first):
    wrong = statement()
    voiding = statement(verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object={"objectType": "StatementRef", "id": wrong["id"]})
    for item in (wrong, voiding) if voided_first else (voiding, wrong):
        store.send(item)

    assert store.ask("GET", "statements", statementId=wrong["id"]).status_code == 404
    assert store.ask("GET", "statements", voidedStatementId=wrong["id"]).json()["id"] == wrong["id"]
    again = statement(verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object={"objectType": "StatementRef", "id": voiding["id"]})
    store.send(again)
    assert set(store.found()) == {voiding["id"], again["id"]}


def test_an_attachment_travels_with_its_statement(store):
    content = "证书".encode()
    sha2 = hashlib.sha256(content).hexdigest()
    paper = {"usageType": "http://example.org/paper", "display": {"zh": "证书"}, "contentType": "text/plain", "length": 6, "sha2": sha2}
    sent = statement(attachments=[paper])
    assert store.send(sent).json()["error"] == "An attachment is neither in the request nor at a fileUrl."

    def body(inside: bytes) -> bytes:
        head = f"--b\r\nContent-Type: application/json\r\n\r\n{json.dumps(sent)}\r\n--b\r\nContent-Type: text/plain\r\n"
        return f"{head}Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n".encode() + inside + b"\r\n--b--\r\n"

    def post(inside: bytes):
        return store.client.generic(
            "POST", "/xapi/2.0/statements", body(inside), content_type="multipart/mixed; boundary=b", headers=store.headers
        )

    assert post(b"something else").status_code == 400
    assert Statement.objects.count() == 0
    assert post(content).json() == [sent["id"]]
    mixed = store.ask("GET", "statements", statementId=sent["id"], attachments="true")
    assert mixed["Content-Type"].startswith("multipart/mixed; boundary=")
    assert content in mixed.content


# --- documents ---


def test_a_document_is_not_overwritten_by_who_has_not_read_it(store):
    place = {"activityId": ACTIVITY, "agent": json.dumps(ME), "stateId": "resume"}
    assert store.ask("PUT", "activities/state", {"at": 1}, **place).status_code == 204
    tag = store.ask("GET", "activities/state", **place)["ETag"]

    blind = store.ask("PUT", "activities/state", {"at": 9}, **place)
    stale = store.ask("PUT", "activities/state", {"at": 9}, headers={"if-match": '"0"'}, **place)
    seen = store.ask("PUT", "activities/state", {"at": 2}, headers={"if-match": tag}, **place)

    assert [blind.status_code, stale.status_code, seen.status_code] == [409, 412, 204]
    assert store.ask("POST", "activities/state", {"more": True}, **place).status_code == 204
    assert store.ask("GET", "activities/state", **place).json() == {"at": 2, "more": True}
    assert store.ask("POST", "activities/state", [1], **place).status_code == 400
    assert store.ask("GET", "activities/state", **{**place, "stateId": "none"}).status_code == 404
    assert store.ask("DELETE", "activities/state", activityId=ACTIVITY, agent=json.dumps(ME)).status_code == 204
    assert XapiDocument.objects.count() == 0


def test_the_older_release_overwrites_state_but_asks_first_for_profiles():
    old = Store("1.0")
    place = {"activityId": ACTIVITY, "agent": json.dumps(ME), "stateId": "s"}
    profile = {"activityId": ACTIVITY, "profileId": "p"}

    assert [old.ask("PUT", "activities/state", {}, **place).status_code for _ in range(2)] == [204, 204]
    assert old.ask("PUT", "activities/profile", {}, **profile).status_code == 400
    assert old.ask("PUT", "activities/profile", {}, headers={"if-none-match": "*"}, **profile).status_code == 204
    assert old.ask("PUT", "activities/profile", {}, headers={"if-none-match": "*"}, **profile).status_code == 412


def test_the_alternate_syntax_is_the_older_releases_alone():
    old, new = Store("1.0"), Store("2.0")
    form = {"statementId": str(uuid4()), "content": json.dumps(statement(id=None) | {"id": None}).replace('"id": null, ', "")}
    form |= {"Content-Type": "application/json"}

    def put(store):
        return store.client.post(
            f"/xapi/{store.base}/statements?method=PUT", form, content_type="application/x-www-form-urlencoded", headers=store.headers
        )

    from urllib.parse import urlencode

    form = urlencode(form)
    assert (put(old).status_code, put(new).status_code) == (204, 400)


# --- keys ---


@pytest.mark.parametrize("word", ["", "Basic", "Basic ???", "Bearer x", "Basic " + base64.b64encode(b"a:b").decode(), "Basic bm9jb2xvbg=="])
def test_without_a_living_key_nothing_opens(store, word):
    answer = store.ask("GET", "statements", headers={"authorization": word})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="xAPI", Bearer')
    assert answer["X-Experience-API-Version"] == "2.0.0"


def test_a_revoked_key_opens_nothing_and_what_it_wrote_stays(store):
    store.send(statement())

    revoke_key(store.key, actor=None, at=timezone.now())

    assert store.ask("GET", "statements").status_code == 401
    assert Statement.objects.count() == 1


def test_the_secret_is_printed_once_and_kept_as_a_digest(capsys):
    call_command("xapi_key", "create", "moodle", "--scopes", "statements/write,statements/read/mine")
    printed = json.loads(capsys.readouterr().out)

    row = XapiKey.objects.get()
    assert (printed["key"], printed["scopes"]) == (row.key, ["statements/write", "statements/read/mine"])
    assert printed["secret"] not in str(XapiKey.objects.values())
    assert row.secret_hash == hashlib.sha256(printed["secret"].encode()).hexdigest()
    assert AuditEntry.objects.filter(action="xapi.create_key").count() == 1
    for wrong in (["create", "x", "--institution", "NONE"], ["create", "x", "--scopes", "everything"], ["revoke", "nothing"]):
        with pytest.raises(CommandError):
            call_command("xapi_key", *wrong)


def test_an_institutions_key_neither_reads_nor_voids_what_is_anothers():
    places = [InstitutionFactory(website=f"https://lms{number}.example.org") for number in (1, 2)]
    one, other = (Store(institution=place, scopes=["statements/write", "statements/read", "state"]) for place in places)
    operator = Store()

    def by(place):
        return {"account": {"homePage": place.website, "name": "1001"}}

    mine = statement(actor=by(places[0]))
    assert one.send(mine).status_code == 200
    assert one.send(statement(actor=by(places[1]))).status_code == 403
    assert one.send(statement()).status_code == 403
    voiding = statement(
        actor=by(places[1]), verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object={"objectType": "StatementRef", "id": mine["id"]}
    )
    assert other.send(voiding).status_code == 200

    assert other.found() == [voiding["id"]]
    assert other.ask("GET", "statements", statementId=mine["id"]).status_code == 404
    assert one.found() == [mine["id"]]
    assert set(operator.found()) == {mine["id"], voiding["id"]}


def test_a_key_does_only_what_its_scopes_say():
    reader = Store(scopes=["all/read"])
    writer = Store(scopes=["statements/write"])

    assert reader.send(statement()).status_code == 403
    assert writer.ask("GET", "statements").status_code == 403
    assert writer.ask("PUT", "activities/profile", {}, activityId=ACTIVITY, profileId="p").status_code == 403
    assert writer.send(statement()).status_code == 200


# --- whatever is sent ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["actor", "verb", "object", "result", "context", "attachments", "id", "timestamp", "version"]), value=JSON)
def test_no_statement_whatever_ends_in_a_server_error(store, name, value):
    answer = store.ask("POST", "statements", json.dumps(statement(**{name: value})))

    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"{", b'{"a":1e400}', b'"\\ud800"', b"[" * 5000 + b"]" * 5000, b'{"a":"\\u0000"}', b"NaN", b"[]" * 3, b"\x00" * 10],
    ids=range(10),
)
def test_no_body_whatever_ends_in_a_server_error(store, body):
    for address, params in (("statements", {}), ("activities/state", {"activityId": ACTIVITY, "agent": json.dumps(ME), "stateId": "s"})):
        assert store.ask("POST", address, body, **params).status_code in {200, 204, 400}
    assert Statement.objects.count() == 0


def test_what_is_too_large_is_refused_before_it_is_read(store):
    assert store.ask("POST", "statements", b" " * (10 * 1024 * 1024 + 1)).status_code == 413
    assert store.send(*[statement() for _ in range(1001)]).status_code == 413


@pytest.mark.parametrize("content_type", ["multipart/mixed", "multipart/mixed; boundary=x", "text/plain", "multipart/mixed; boundary=\x01"])
def test_broken_parts_are_refused(store, content_type):
    answer = store.client.generic("POST", "/xapi/2.0/statements", b"--y\r\nnothing", content_type=content_type, headers=store.headers)

    assert answer.status_code == 400


def test_pointers_are_found_on_full_pages_too_each_once_and_through_chains(store):
    """A pages of two: matches, and who points to them at one and two removes, in the order of storing."""
    about = statement(object={"id": "http://example.org/wanted"})
    store.send(about)
    chain = [about]
    for _ in range(5):
        pointing = statement(object={"objectType": "StatementRef", "id": chain[-1]["id"]})
        store.send(pointing)
        chain.append(pointing)
    others = [statement(object={"id": "http://example.org/wanted"}) for _ in range(3)]
    store.send(*others)
    store.send(statement(), statement(object={"objectType": "StatementRef", "id": str(uuid4())}))
    wanted = [item["id"] for item in chain + others]

    for ascending in ("true", "false"):
        found, answer = [], store.ask("GET", "statements", activity="http://example.org/wanted", limit="2", ascending=ascending).json()
        while True:
            found += [item["id"] for item in answer["statements"]]
            if not answer["more"]:
                break
            answer = store.ask("GET", answer["more"].removeprefix(f"/xapi/{store.base}/")).json()
        assert found == (wanted if ascending == "true" else wanted[::-1])
