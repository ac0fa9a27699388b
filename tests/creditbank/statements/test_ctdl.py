"""Rules as linked data: every rule with its sentence, what it takes and gives, and nothing that points nowhere."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creditbank.agreements.queries import rule_base
from creditbank.api import Agreement, draft_version
from creditbank.rules.reading import rule_document
from creditbank.statements.ctdl import ctdl_document
from tests.creditbank.statements.expanding import Unresolved, expand
from tests.factories.creditbank import make_bank

pytestmark = pytest.mark.django_db
PUBLISHED = json.loads((Path(__file__).parents[2] / "data" / "ctdl" / "terms.json").read_text("utf-8"))
"""Names of CTDL's terms, with where they come from."""


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


def whole_bank():
    """A version with every kind of node: rules with a window and an agreement, a certificate and an examination as sources."""
    bank = make_bank(amounts=("3", "2.5", "1"))
    for outcome, kind in zip(bank.outcomes, ("certificate", "exam", "course"), strict=True):
        type(outcome).objects.filter(pk=outcome.pk).update(source_type=kind)
    agreement = Agreement.objects.create(code="AGR", title_zh="互认协议", kind="bilateral", starts_on=date(2025, 1, 1))
    rules = [rule_document(rule) | {"version": None, "precedence": None} for rule in rule_base(bank.version).rules]
    rules[0] |= {"agreement": agreement.code, "window_from": "2025-01-01", "window_to": "2027-12-31"}
    version = draft_version(bank.version.book, rules=rules, limits=[], valid_from=date(2026, 1, 1), actor=bank.officer)
    return ctdl_document(version)


def unpublished(document) -> set[str]:
    """Properties and classes of an expanded document that the published lists do not have."""
    prefixes = PUBLISHED["namespaces"]
    known = {prefixes[prefix] + name for prefix, _colon, name in (term.partition(":") for term in PUBLISHED["terms"])}

    def walk(node):
        for key, values in node.items():
            if key == "@type" and isinstance(values, list):
                yield from values
            elif not key.startswith("@"):
                yield key
                for value in values:
                    yield from walk(value)

    return {term for node in expand(document) for term in walk(node)} - known


def test_every_property_and_class_is_one_that_ctdl_has_published():
    document = whole_bank()

    kinds = {kind.rpartition("/")[2] for node in expand(document) for kind in node["@type"]}
    assert kinds == {"TransferValueProfile", "TransferAgreement", "Certificate", "AssessmentProfile", "Course", "CredentialOrganization"}
    assert unpublished(document) == set()


def test_expanded_texts_have_a_language_days_a_type_and_links_a_node():
    nodes_ = expand(whole_bank())
    known, ceterms = {node["@id"] for node in nodes_}, PUBLISHED["namespaces"]["ceterms"]

    profile = next(node for node in nodes_ if node["@id"].endswith("#R1"))
    assert {value["@language"] for value in profile[f"{ceterms}description"]} == {"zh-Hans", "en"}
    assert profile[f"{ceterms}endDate"] == [{"@value": "2027-12-31", "@type": "http://www.w3.org/2001/XMLSchema#date"}]
    for node in nodes_:
        for name in ("transferValueFrom", "transferValueFor", "hasTransferValueProfile", "ownedBy"):
            assert {link["@id"] for link in node.get(ceterms + name, [])} <= known


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ceterms:transferValueFrom", "ceterms:transferValueForm"), ("ceterms:TransferValueProfile", "ceterms:TransferValuesProfile"),
        ("ceterms:creditUnitType", "ceterms:credtiUnitType"), ("schema:value", "schema:valeu"),
    ],
    ids=range(4),
)  # fmt: skip
def test_a_misspelt_term_is_found(old, new):
    text = json.dumps(ctdl_document(make_bank().version))

    assert old in text
    assert len(unpublished(json.loads(text.replace(old, new)))) == 1


@pytest.mark.parametrize(("old", "new"), [("ceterms:ownedBy", "cterms:ownedBy"), ("ceterms:name", "name"), ("schema:value", "schema:")])
def test_a_term_that_leads_nowhere_is_found(old, new):
    document = ctdl_document(make_bank().version)
    graph = json.loads(json.dumps(document["@graph"]).replace(f'"{old}"', f'"{new}"'))

    with pytest.raises(Unresolved):
        expand({"@context": document["@context"], "@graph": graph})


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
