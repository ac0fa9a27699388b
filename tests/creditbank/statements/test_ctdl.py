"""Rules as linked data: every rule with its sentence, what it takes and gives, and nothing that points nowhere."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creditbank.api import draft_version
from creditbank.statements.ctdl import ctdl_document
from tests.factories.creditbank import make_bank

pytestmark = pytest.mark.django_db


def nodes(document, kind: str) -> list[dict]:
    return [node for node in document["@graph"] if node["@type"] == f"ceterms:{kind}"]


def test_a_rule_is_a_transfer_value_profile_with_its_sentence_and_its_value(client):
    bank = make_bank(amounts=("3", "2.5"))

    answer = client.get(f"/rules/{bank.version.book.code}/v1/ctdl.json")

    assert answer["Content-Type"] == "application/ld+json"
    first, second = nodes(answer.json(), "TransferValueProfile")
    assert first["@id"] == f"http://localhost:8000/rules/{bank.version.book.code}/v1/#R1"
    assert "来源课程1" in first["ceterms:description"]["zh-Hans"]
    assert [value["schema:value"] for value in second["ceterms:transferValue"]] == [{"@value": "2.5", "@type": "xsd:decimal"}]
    assert first["ceterms:transferValueFrom"] == [f"http://localhost:8000/convert/?have={bank.outcomes[0].code}"]
    assert first["ceterms:ownedBy"].endswith(f"/institutions/{bank.institution.code}/")


def test_every_term_has_a_prefix_of_the_context_and_every_link_a_node():
    document = ctdl_document(make_bank().version)
    known = {node["@id"] for node in document["@graph"]}

    def walk(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    terms = {key for node in document["@graph"] for key in walk(node)}
    assert {term for term in terms if ":" not in term and not term.startswith("@")} == {"zh-Hans", "en"}
    assert {term.split(":")[0] for term in terms if ":" in term} <= {"ceterms", "schema"}
    for node in document["@graph"]:
        for name in ("ceterms:transferValueFrom", "ceterms:transferValueFor", "ceterms:hasTransferValueProfile"):
            assert set(node.get(name, [])) <= known


def test_drafts_and_unknown_versions_do_not_exist(client):
    bank = make_bank()
    draft_version(bank.version.book, rules=[], limits=[], valid_from=date(2026, 1, 1), actor=bank.officer)

    for address in (f"{bank.version.book.code}/v2", f"{bank.version.book.code}/v9", "NONE/v1", f"{bank.version.book.code}/v{'9' * 30}"):
        assert client.get(f"/rules/{address}/ctdl.json").status_code == 404


def test_a_version_costs_the_same_queries_for_1_and_30_rules():
    first, few, many = make_bank(), make_bank(amounts=("3",)), make_bank(amounts=("1",) * 30)
    counted = []
    for bank in (first, few, many):  # the first one reads what all share, and keeps it
        version = type(bank.version).objects.select_related("book__institution").get(pk=bank.version.pk)
        with CaptureQueriesContext(connection) as queries:
            ctdl_document(version)
        counted.append(len(queries))

    assert counted[1] == counted[2]
