"""The quick way of receiving statements and the plain one: whatever the quick way takes, the plain one takes, and to the same end."""

from __future__ import annotations

import json
from copy import deepcopy
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.xapi.receiving import NotQuick, read_parsed, read_quickly
from learning.xapi.shape import ShapeError, check_statement

HOME = "http://lms.example.org"
WHOLE = {
    "id": str(uuid4()),
    "actor": {"objectType": "Agent", "name": "甲", "account": {"homePage": HOME, "name": "1"}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"zh-CN": "完成了"}},
    "object": {"objectType": "Activity", "id": f"{HOME}/unit/1", "definition": {"name": {"en": "Unit"}, "extensions": {"http://e.x/y": [1, {"z": None}]}}},
    "result": {"score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10.0}, "duration": "PT1.23456S", "extensions": {"http://e.x/b": {"b": 1, "a": 2}}},
    "context": {
        "registration": "A0A0A0A0-0000-4000-8000-000000000001", "platform": "Moodle", "language": "zh-CN", "revision": "3",
        "contextActivities": {"parent": {"id": f"{HOME}/course/1"}, "grouping": [{"id": f"{HOME}/g", "definition": {"name": {"en": "G"}}}]},
        "extensions": {"http://e.x/n": 12345678901234567890123},
    },
    "timestamp": "2026-11-24T10:00:00+08:00",
    "version": "1.0.3",
}  # fmt: skip
MISSING = object()
ODD = [
    None, True, 0, -1, 1.5, "", "x", [], {}, [{}], {"id": "x"}, {"id": f"{HOME}/a"}, {"objectType": "Group", "member": []}, "\u0000", "PT1S", "P",
    {"objectType": "StatementRef", "id": str(uuid4())}, {"id": "http://adlnet.gov/expapi/verbs/voided"}, {"scaled": 2}, {"raw": True},
    {"mbox": "mailto:a@b.cn"}, {"mbox": "mailto:a@b.cn", "openid": "http://a.b"}, str(uuid4()), "2026-02-30T00:00:00Z", 10**30, "2.0.0", MISSING,
]  # fmt: skip
PLACES = [
    ("id",), ("actor",), ("actor", "account"), ("actor", "account", "homePage"), ("actor", "objectType"), ("verb",), ("verb", "id"), ("verb", "display"),
    ("object",), ("object", "id"), ("object", "objectType"), ("object", "definition"), ("object", "definition", "name"), ("result",), ("result", "score"),
    ("result", "score", "raw"), ("result", "score", "scaled"), ("result", "duration"), ("result", "success"), ("result", "response"), ("result", "extensions"),
    ("context",), ("context", "registration"), ("context", "team"), ("context", "instructor"), ("context", "language"), ("context", "platform"),
    ("context", "contextActivities"), ("context", "contextActivities", "parent"), ("context", "contextAgents"), ("timestamp",), ("version",), ("stored",),
    ("authority",), ("attachments",), ("unknown",), ("result", "unknown"), ("context", "unknown"),
]  # fmt: skip


def changed(places) -> dict:
    """The whole statement with parts replaced, added or taken away."""
    statement = deepcopy(WHOLE)
    for path, value in places:
        holder = statement
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            if value is MISSING:
                holder.pop(path[-1], None)
            else:
                holder[path[-1]] = deepcopy(value)
    return statement


def quickly(body: bytes, release: str):
    found = read_quickly(body, release)
    if found is None:
        return None
    try:
        return list(found)
    except NotQuick:
        return None


@settings(max_examples=1500, deadline=None)
@given(places=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), max_size=3), release=st.sampled_from(["1.0.3", "2.0.0"]))
def test_what_the_quick_way_takes_the_plain_way_takes_too_and_finds_the_same(places, release):
    statement = changed(places)
    found = quickly(json.dumps([statement]).encode(), release)
    if found is None:
        return

    check_statement(statement, release)
    plain = read_parsed(statement)

    for name in ("ident", "actor", "actor_key", "verb", "object_iri", "target", "registration", "happened", "hashed", "terms"):
        assert getattr(found[0], name) == getattr(plain, name), name
    assert [(item.key, item.digest) for item in found[0].definitions] == [(item.key, item.digest) for item in plain.definitions]
    assert json.loads(msgspec.json.encode(found[0].fields)) == {key: value for key, value in plain.fields.items() if key != "id"}


@pytest.mark.parametrize("release", ["1.0.3", "2.0.0"])
def test_the_usual_statement_goes_the_quick_way(release):
    statement = {**WHOLE, "version": "1.0.3"}

    found = quickly(json.dumps(statement, ensure_ascii=False).encode(), release)

    assert found is not None
    assert found[0].hashed == read_parsed(statement).hashed
    assert len(found[0].terms) == 4


@pytest.mark.parametrize(
    "part",
    [
        {"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}}, {"object": {"objectType": "StatementRef", "id": str(uuid4())}}, {"attachments": []},
        {"authority": WHOLE["actor"]}, {"actor": None}, {"id": None}, {"context": {"team": {"objectType": "Group", "mbox": "mailto:a@b.cn"}}},
    ],
    ids=range(7),
)  # fmt: skip
def test_what_is_unusual_goes_the_plain_way(part):
    assert quickly(json.dumps({**WHOLE, **part}).encode(), "2.0.0") is None


def test_depth_hidden_in_a_part_goes_the_plain_way():
    deep = "[" * 80 + "]" * 80
    body = json.dumps({**WHOLE, "result": {"extensions": {"http://e.x/y": "DEEP"}}}).replace('"DEEP"', deep)

    assert quickly(body.encode(), "2.0.0") is None


def test_half_a_character_in_a_part_goes_the_plain_way():
    assert quickly(json.dumps(WHOLE).replace("Moodle", "\\ud800").encode(), "2.0.0") is None
    assert quickly(json.dumps(WHOLE).encode().replace(b"Moodle", b"\xff"), "2.0.0") is None


def test_paths_of_errors_name_the_part_from_the_outside_in():
    statement = deepcopy(WHOLE)
    statement["context"]["contextActivities"]["grouping"][0]["definition"]["name"] = {"no language": "x"}

    with pytest.raises(ShapeError) as error:
        check_statement(statement, "2.0.0", "statements[3]")

    assert error.value.path == "statements[3].context.contextActivities.grouping[0].definition.name.no language"
