"""Whatever a client sends to whatever address of the store: an answer, never a server error, and nothing of a refused call is kept.

The test client raises what a view raises, so a server error fails the test by itself.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learning.xapi.models import Statement, XapiDocument
from tests.learning.xapi.test_store import ACTIVITY, ME, Store, statement

pytestmark = pytest.mark.django_db
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

ADDRESSES = (
    "statements", "statements/more/x", "activities/state", "activities/profile", "activities", "agents/profile", "agents", "about", "tokens",
    "nothing", "",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
PARAMETERS = (
    "statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until",
    "limit", "format", "attachments", "ascending", "activityId", "stateId", "profileId", "method", "unknown", "page",
)  # fmt: skip
GOOD = [json.dumps(ME), ACTIVITY, "true", "1", "2026-01-01T00:00:00Z", "6690e6c9-3ef0-4ed3-8b37-7f3964730bee", "ids", "exact", "canonical"]
BAD = [
    "", "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "-1", "9" * 400, "1e400", "{", "[]", "{}", "null",
    '{"mbox":5}', '{"account":{"homePage":"http://a","name":"\x00"}}', "{" * 3000, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+14:00",
    "2026-13-40", "12345", "../../etc/passwd", "' OR 1=1 --", "𠮷" * 200, "%00", "\r\nX-Injected: yes", "a" * 5000, "٣", "１２",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(GOOD), st.sampled_from(BAD), st.text(max_size=30))
BODIES = st.one_of(
    st.sampled_from([
        b"", b"\xff\xfe\x00", b"{", b"null", b"[]", b"{}", b'""', b"[[]]", b'{"a":1e999}', b'{"\\ud800":1}', b"[" * 4000 + b"]" * 4000,
        json.dumps(statement()).encode(), json.dumps(statement()).encode("utf-16"), json.dumps([statement(), 5]).encode(),
        json.dumps(statement(id="x\x00")).encode(), b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--\r\n",
        b"--b\r\nContent-Type: application/json\r\n\r\n" + json.dumps(statement()).encode(), b"--b\r\n\r\n--b\r\n--b--", b"\x1f\x8b\x08broken",
        b"method=GET&agent=%00", b"statementId=%FF%FE&X-Experience-API-Version=2.0.0&content=%7B",
    ]),
    st.binary(max_size=60),
)  # fmt: skip
TYPES = st.sampled_from([
    "application/json", "application/json; charset=utf-16", "application/json; charset=nonsense", "multipart/mixed; boundary=b",
    "multipart/mixed", 'multipart/mixed; boundary="', "multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain",
    "application/octet-stream", "\x00", "", "x" * 3000,
])  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from([
        "if-match", "if-none-match", "content-encoding", "accept-language", "x-experience-api-version", "authorization", "accept", "origin",
        "content-transfer-encoding", "x-forwarded-for", "transfer-encoding", "accept-encoding", "updated",
    ]),
    st.one_of(st.sampled_from(["*", '"x"', "W/", "gzip", "identity", "2.0.0", "1.0.9", "9", "Basic !!!", "Basic " + "A" * 3000, "Bearer x", "-1"]),
              st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)),
    max_size=3,
)  # fmt: skip


@pytest.mark.parametrize("base", ["1.0", "2.0"])
def test_no_call_whatever_ends_in_a_server_error(base):
    store = Store(base)

    @FUZZ
    @given(
        method=st.sampled_from(METHODS), address=st.sampled_from(ADDRESSES), params=st.dictionaries(st.sampled_from(PARAMETERS), TEXT, max_size=4),
        body=BODIES, content_type=TYPES, headers=HEADERS,
    )  # fmt: skip
    def call(method, address, params, body, content_type, headers):
        before = (Statement.objects.count(), XapiDocument.objects.count())
        answer = store.client.generic(
            method, f"/xapi/{base}/{address}", data=body, content_type=content_type, headers=store.headers | headers, query_params=params
        )

        assert answer.status_code < 500
        assert "X-Injected" not in answer.headers
        if answer.status_code >= 400:
            assert (Statement.objects.count(), XapiDocument.objects.count()) == before
            assert method == "HEAD" or str(answer.status_code) in answer.content.decode() or json.loads(answer.content)["error"]

    call()


@pytest.mark.parametrize("kind", ["one long text", "many parts", "one deep value", "one long number", "many attachments", "many keys"])
def test_ten_megabytes_of_anything_are_answered_in_bounded_time(kind):
    store = Store()
    mass = 9_500_000
    body = {
        "one long text": json.dumps(statement(result={"response": "长" * (mass // 3)}), ensure_ascii=False),
        "many parts": "[" + ",".join(["{}"] * (mass // 3)) + "]",
        "one deep value": '{"result":' * 200_000 + "1" + "}" * 200_000,
        "one long number": f'{{"result":{{"score":{{"raw":{"9" * mass}}}}}}}',
        "many attachments": json.dumps(statement(attachments=[{}] * (mass // 4))),
        "many keys": json.dumps(statement(context={"extensions": {f"http://a/{at}": at for at in range(mass // 24)}})),
    }[kind]

    answer = store.ask("POST", "statements", body)

    assert answer.status_code in ({200} if kind in {"one long text", "many keys"} else {400, 413}), answer.content[:300]
    assert Statement.objects.count() == (1 if answer.status_code == 200 else 0)
    assert len(answer.content) < 10_000
