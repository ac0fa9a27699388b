"""The writer: one transaction with its caller, once per occasion, nothing outside the profile, nothing changed later."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
import pytest
from django.db import DatabaseError, transaction

from learning.api import Activity, Statement, StatementDraft, write_statement, write_statements
from learning.xapi.actions import content_hash
from learning.xapi.exceptions import BadStatement
from learning.xapi.profile import ACTIVITY_TYPES, COMPLETED, COURSE, VERBS, Term, profile_document
from learning.xapi.types import Result, Score, iso_duration, read_statement

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def draft(*key: str, **facts: object) -> StatementDraft:
    given = {"actor_uuid": uuid.uuid4(), "verb": COMPLETED, "activity": Activity("/id/course/1", COURSE, "用药安全", "Safe"), "at": MOMENT}
    return StatementDraft(key=key or ("one",), **{**given, **facts})


def test_a_statement_is_kept_as_text_with_columns_that_repeat_it(settings):
    settings.SITE_URL = "https://learn.example"
    registration, person = uuid.uuid4(), uuid.uuid4()

    row = write_statement(
        draft(actor_uuid=person, registration=registration, result=Result(score=Score(scaled=0.86), completion=True), revision="3")
    )

    said = msgspec.json.decode(row.text)
    assert said["actor"] == {"account": {"homePage": "https://learn.example/learners", "name": str(person)}}
    assert said["object"]["id"] == row.object_iri == "https://learn.example/id/course/1"
    assert said["object"]["definition"]["name"] == {"zh-CN": "用药安全", "en": "Safe"}
    assert said["verb"]["id"] == row.verb == "http://adlnet.gov/expapi/verbs/completed"
    assert said["context"]["registration"] == str(row.registration) == str(registration)
    assert said["context"]["revision"] == "3"
    assert said["result"] == {"score": {"scaled": 0.86}, "completion": True}
    assert said["timestamp"] == "2026-03-02T04:00:00Z"
    assert said["id"] == str(row.statement_id)
    assert read_statement(row.text).result.completion is True


def test_the_same_occasion_is_written_once():
    first = write_statement(draft("a", "b"))
    again = write_statements([draft("a", "b"), draft("a", "b"), draft("a", "c")])

    assert [row.pk for row in again] == [first.pk, Statement.objects.order_by("seq").last().pk]
    assert Statement.objects.count() == 2


def test_stored_grows_strictly_inside_one_call():
    rows = write_statements([draft(str(number)) for number in range(600)])

    stored = [row.stored for row in rows]
    assert stored == sorted(set(stored))


def test_a_verb_outside_the_profile_is_refused():
    with pytest.raises(BadStatement):
        write_statement(draft(verb=Term("http://example.org/verbs/searched", "搜索", "searched")))

    assert Statement.objects.count() == 0


def test_an_activity_type_outside_the_profile_is_refused():
    with pytest.raises(BadStatement):
        write_statements([draft("good"), draft("bad", activity=Activity("/id/x", Term("http://example.org/type", "", "")))])

    assert Statement.objects.count() == 0


def test_only_the_voiding_column_of_a_statement_ever_changes():
    row = write_statement(draft())

    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=row.pk).update(text="{}")
    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=row.pk).delete()
    Statement.objects.filter(pk=row.pk).update(voided_by=uuid.uuid4())

    assert Statement.objects.standing().count() == 0


def test_the_content_hash_ignores_what_only_the_store_sets():
    one = '{"id":"a","verb":{"id":"v"},"actor":{"name":"x"},"timestamp":"2026-01-01T00:00:00Z"}'
    other = '{"actor":{"name":"x"},"verb":{"id":"v"},"id":"b","stored":"2026-01-02T00:00:00Z"}'

    assert content_hash(one) == content_hash(other)
    assert content_hash(one) != content_hash(other.replace('"v"', '"w"'))


@pytest.mark.parametrize(("seconds", "text"), [(0, "PT0S"), (75, "PT1M15S"), (3600, "PT1H"), (-4, "PT0S"), (3661, "PT1H1M1S")])
def test_durations_are_iso_8601(seconds, text):
    assert iso_duration(seconds) == text


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"id":1e400}', "[" * 100000, '{"id":"\\ud800"}'])
def test_what_is_no_statement_is_refused_by_name(text):
    with pytest.raises(BadStatement):
        read_statement(text)


def test_a_statement_with_an_unknown_property_is_refused():
    row = write_statement(draft())

    with pytest.raises(BadStatement):
        read_statement(row.text[:-1] + ',"authorith":{}}')


def test_the_published_profile_lists_every_id_in_both_languages(client):
    document = profile_document()

    assert {concept["id"] for concept in document["concepts"]} == {term.iri for term in (*VERBS, *ACTIVITY_TYPES)}
    assert all(set(concept["prefLabel"]) == {"zh-CN", "en"} and all(concept["prefLabel"].values()) for concept in document["concepts"])
    answer = client.get("/id/profile")
    assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, "application/ld+json", document)
