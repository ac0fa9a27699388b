from __future__ import annotations

import uuid

import pytest
from django.core import mail
from django.utils import translation

from foundation.api import notify, register_notice
from foundation.models import Notice
from tests.factories.identity import UserFactory

register_notice(
    "test.lamp",
    zh=("灯亮了:{name}", "{name}号灯已点亮,由{who}操作。"),
    en=("Lamp lit: {name}", "Lamp {name} was lit by {who}."),
)


@pytest.mark.django_db
def test_a_notice_is_read_in_the_language_of_its_reader_and_sent_to_the_address_of_the_person():
    person = UserFactory(email="wen@example.org", language="en")

    notify(person.uuid, "test.lamp", data={"name": {"zh": "甲", "en": "A"}, "who": "Li"}, url="/my/")

    notice = Notice.objects.get()
    with translation.override("zh-hans"):
        assert (notice.title, notice.body) == ("灯亮了:甲", "甲号灯已点亮,由Li操作。")
    assert [(message.to, message.subject) for message in mail.outbox] == [(["wen@example.org"], "Lamp lit: A")]
    assert mail.outbox[0].body.startswith("Lamp A was lit by Li.\n\nhttp://localhost:8000/my/")


@pytest.mark.django_db
def test_a_person_without_an_address_finds_the_notice_on_the_page_alone():
    person = UserFactory(email=None, phone="+8613800000001")

    notify(person.uuid, "test.lamp", data={"name": "1"})

    assert Notice.objects.get().body == "1号灯已点亮,由—操作。"
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_code_without_wording_is_refused_and_nothing_is_stored():
    with pytest.raises(LookupError):
        notify(uuid.uuid4(), "test.unknown")

    assert Notice.objects.count() == 0


@pytest.mark.django_db
def test_opening_a_notice_marks_it_read_and_goes_where_it_points(client):
    person, other = UserFactory(), UserFactory()
    mine = notify(person.uuid, "test.lamp", url="/my/archive/", email=False)
    theirs = notify(other.uuid, "test.lamp", email=False)
    client.force_login(person)

    answer = client.post(f"/my/notices/{mine.uuid}/open/")
    foreign = client.post(f"/my/notices/{theirs.uuid}/open/")

    assert (answer.status_code, answer["Location"], foreign.status_code) == (302, "/my/archive/", 404)
    assert [notice.read_at is None for notice in Notice.objects.order_by("id")] == [False, True]


@pytest.mark.django_db
def test_the_page_of_notices_costs_the_same_with_one_and_with_twenty(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    person = UserFactory()
    client.force_login(person)
    client.get("/my/notices/")  # the footer's facts are read once a minute
    counts = []
    for number in (1, 19):
        for _ in range(number):
            notify(person.uuid, "test.lamp", email=False)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/my/notices/").status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
