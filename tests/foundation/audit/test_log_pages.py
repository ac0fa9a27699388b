"""The log as everybody sees it: a page with heads, each head as a file, and proofs over HTTP that hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from foundation import rest
from foundation.api import (
    AuditEntry,
    LogHead,
    LogLeaf,
    build_audit_entry,
    consistency_holds,
    inclusion_holds,
    read_head,
    record_audit_entries,
    seal_log,
    verify_log,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def grow(rows: int = 1, *, at: datetime = NOON) -> LogHead:
    with transaction.atomic():
        record_audit_entries([build_audit_entry("test.step", actor=None) for _ in range(rows)])
    head = seal_log(clock=lambda: at).head
    assert head is not None
    return head


def test_before_anything_was_sealed_the_page_says_so(client):
    page = client.get("/en/log/")

    assert page.status_code == 200
    assert "Nothing was sealed yet" in page.content.decode()
    assert client.get("/log/").status_code == 200


def test_the_page_shows_the_newest_head_and_whether_the_log_was_found_right(client):
    grow(3)
    head = grow(4)
    verify_log(clock=timezone.now)

    page = client.get("/en/log/").content.decode()

    assert bytes(head.root).hex() in page
    assert "7 entries" in page
    assert "checked, right" in page
    assert page.count("JSON") == 2


def test_a_long_list_of_heads_is_walked_with_the_same_three_queries(client, django_assert_num_queries):
    for number in range(35):
        grow(at=NOON + timedelta(minutes=number))
    client.get("/en/log/")

    first = client.get("/en/log/")
    oldest = first.context["older"]
    second = client.get(f"/en/log/?before={oldest}")

    assert [len(page.context["heads"]) for page in (first, second)] == [30, 5]
    assert second.context["heads"][0].pk == oldest - 1
    for odd in ("x", "²", "9" * 400, "-1", ""):
        assert client.get("/en/log/", {"before": odd}).status_code == 200


def test_a_head_is_a_file_that_reads_back_and_holds(client):
    head = grow(2)

    answer = client.get(f"/log/heads/{head.pk}.json")

    kept = read_head(answer.json())
    assert (kept.size, kept.root, kept.time, kept.holds()) == (2, bytes(head.root), NOON, True)
    assert answer["Content-Disposition"] == f'attachment; filename="log-head-{head.pk}.json"'
    assert client.get("/log/heads/99999999999999999999.json").status_code == 404


def test_heads_are_listed_for_programs(client):
    for number in range(3):
        grow(at=NOON + timedelta(minutes=number))

    first = client.get("/api/v1/log/heads?limit=2").json()
    rest_of_them = client.get(f"/api/v1/log/heads?limit=2&cursor={first['next_cursor']}").json()

    sizes = [item["size"] for item in first["items"] + rest_of_them["items"]]
    assert (sizes, rest_of_them["next_cursor"]) == ([3, 2, 1], None)
    one = client.get(f"/api/v1/log/heads/{first['items'][0]['number']}").json()
    assert one == first["items"][0]
    assert read_head(one).holds()
    assert client.get("/api/v1/log/heads/0").status_code == 404
    assert client.get("/api/v1/log/heads?limt=2").status_code == 422


def test_a_leaf_is_proved_by_its_hash_under_the_newest_or_an_earlier_head(client):
    early = grow(5)
    late = grow(300)
    leaf = bytes(LogLeaf.objects.get(row=AuditEntry.objects.order_by("pk")[2].pk).hash)

    for head, asked in ((late, {}), (early, {"size": early.size})):
        found = client.get("/api/v1/log/proofs/inclusion", {"leaf": leaf.hex(), **asked}).json()
        proof = [bytes.fromhex(value) for value in found["proof"]]
        assert found["size"] == head.size
        assert inclusion_holds(leaf, found["index"], head.size, proof, bytes(head.root))


def test_one_head_is_proved_to_be_the_beginning_of_another(client):
    early, late = grow(5), grow(300)

    found = client.get("/api/v1/log/proofs/consistency", {"old": 5}).json()

    assert (found["old"], found["new"]) == (5, 305)
    assert consistency_holds(5, 305, bytes(early.root), bytes(late.root), [bytes.fromhex(value) for value in found["proof"]])


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("inclusion?leaf=" + "0" * 64, 404, "no_such_leaf"),
        ("inclusion?leaf=xyz", 422, "invalid"),
        ("inclusion?leaf=" + "0" * 64 + "&size=6", 404, "no_such_tree"),
        ("consistency?old=6", 404, "no_such_tree"),
        ("consistency?old=3&new=2", 404, "no_such_tree"),
        ("consistency?old=0", 422, "invalid"),
        ("consistency?old=99999999999999999999", 422, "invalid"),
        ("consistency", 422, "invalid"),
    ],
)
def test_what_cannot_be_proved_is_refused(client, address, status, code):
    grow(5)

    answer = client.get(f"/api/v1/log/proofs/{address}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_caller_gets_so_many_proofs_a_minute(client, monkeypatch):
    monkeypatch.setattr(rest, "PROOFS_PER_MINUTE", 1)
    grow(2)

    assert [client.get("/api/v1/log/proofs/consistency?old=1").status_code for _ in range(2)] == [200, 429]
