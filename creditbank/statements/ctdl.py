"""A rule book version as linked data in the words of CTDL (Credential Transparency Description Language), for registries of other places.

Each rule is a ``ceterms:TransferValueProfile``, an agreement behind rules a ``ceterms:TransferAgreement``. CTDL knows neither limits nor
"two of three", so every profile carries the rule's canonical sentence as its description and a link to the rule itself. The context stands
in the document: nobody has to fetch one to read it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from creditbank.agreements.models import Agreement, RuleBookVersion
from creditbank.agreements.queries import outcome_titles, rule_base
from creditbank.catalogue.models import Outcome
from creditbank.rules.sentences import rule_sentence
from creditbank.rules.types import Grant, Rule
from identity.api import Institution

WORDS = {"@container": "@language"}
LINK = {"@type": "@id"}
DAY = {"@type": "xsd:date"}
CONTEXT: dict[str, Any] = {
    "ceterms": "https://purl.org/ctdl/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "ceterms:name": WORDS,
    "ceterms:description": WORDS,
    "ceterms:targetNodeName": WORDS,
    "ceterms:ownedBy": LINK,
    "ceterms:subjectWebpage": LINK,
    "ceterms:transferValueFrom": LINK,
    "ceterms:transferValueFor": LINK,
    "ceterms:hasTransferValueProfile": LINK,
    "ceterms:startDate": DAY,
    "ceterms:endDate": DAY,
    "ceterms:dateEffective": DAY,
}
KINDS = {"certificate": "ceterms:Certificate", "exam": "ceterms:AssessmentProfile"}
"""What an outcome is; everything else is a ``ceterms:Course``."""


def ctdl_document(version: RuleBookVersion) -> dict[str, Any]:
    """The whole version as one JSON-LD document, nodes in a fixed order. A fixed number of queries."""
    base, titles = rule_base(version), outcome_titles()
    rules = sorted(base.rules, key=lambda rule: rule.id)
    codes = {code for rule in rules for code in (*_sources(rule), *_targets(rule))}
    outcomes = {row.code: row for row in Outcome.objects.filter(code__in=codes).select_related("owner")}
    home = version.book.institution
    owners = {row.owner.code: row.owner for row in outcomes.values()} | {home.code: home}
    profiles = [_profile(rule, version, titles, set(outcomes)) for rule in rules]
    graph = [*profiles, *_agreements(rules, version), *(_outcome(outcomes[code]) for code in sorted(outcomes))]
    return {"@context": CONTEXT, "@graph": [*graph, *(_organization(owners[code]) for code in sorted(owners))]}


def _profile(rule: Rule, version: RuleBookVersion, titles: dict[str, tuple[str, str]], known: set[str]) -> dict[str, Any]:
    address = _rule_address(version, rule.id)
    node: dict[str, Any] = {
        "@id": address,
        "@type": "ceterms:TransferValueProfile",
        "ceterms:name": {"zh-Hans": f"规则 {rule.id}", "en": f"Rule {rule.id}"},
        "ceterms:description": {"zh-Hans": rule_sentence(rule, titles, "zh-hans"), "en": rule_sentence(rule, titles, "en")},
        "ceterms:subjectWebpage": address,
        "ceterms:ownedBy": _institution_address(version.book.institution),
        "ceterms:transferValue": [_value(grant) for grant in rule.grants if grant.credits == "fixed" and grant.amount],
        "ceterms:transferValueFrom": [_outcome_address(code) for code in _sources(rule) if code in known],
        "ceterms:transferValueFor": [_outcome_address(code) for code in _targets(rule) if code in known],
    }
    for name, day in (("startDate", rule.window_from), ("endDate", rule.window_to)):
        if day is not None:
            node[f"ceterms:{name}"] = day.isoformat()
    return node


def _value(grant: Grant) -> dict[str, Any]:
    amount = format(grant.amount.normalize(), "f")
    unit = {"@type": "ceterms:CredentialAlignmentObject", "ceterms:targetNodeName": {"zh-Hans": "学分", "en": "credits"}}
    return {"@type": "ceterms:ValueProfile", "schema:value": {"@value": amount, "@type": "xsd:decimal"}, "ceterms:creditUnitType": [unit]}


def _agreements(rules: list[Rule], version: RuleBookVersion) -> list[dict[str, Any]]:
    """The agreements behind the rules, each with its profiles."""
    by_code: dict[str, list[str]] = {}
    for rule in rules:
        if rule.agreement:
            by_code.setdefault(rule.agreement, []).append(_rule_address(version, rule.id))
    return [
        {
            "@id": f"{settings.SITE_URL}/rules/#{row.code}",
            "@type": "ceterms:TransferAgreement",
            "ceterms:name": {"zh-Hans": row.title_zh, "en": row.title_en or row.title_zh},
            "ceterms:dateEffective": row.starts_on.isoformat(),
            "ceterms:hasTransferValueProfile": by_code[row.code],
        }
        for row in Agreement.objects.filter(code__in=by_code).order_by("code")
    ]


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "@id": _outcome_address(outcome.code),
        "@type": KINDS.get(outcome.source_type, "ceterms:Course"),
        "ceterms:name": {"zh-Hans": outcome.title_zh, "en": outcome.title_en or outcome.title_zh},
        "ceterms:ownedBy": _institution_address(outcome.owner),
    }


def _organization(institution: Institution) -> dict[str, Any]:
    return {
        "@id": _institution_address(institution),
        "@type": "ceterms:CredentialOrganization",
        "ceterms:name": {"zh-Hans": institution.name_zh, "en": institution.name_en or institution.name_zh},
    }


def _sources(rule: Rule) -> list[str]:
    return list(dict.fromkeys(leaf.outcome for leaf in rule.lhs.leaves() if leaf.outcome))


def _targets(rule: Rule) -> list[str]:
    return list(dict.fromkeys(grant.outcome for grant in rule.grants if grant.outcome))


def _rule_address(version: RuleBookVersion, rule: str) -> str:
    return f"{settings.SITE_URL}/rules/{version.book.code}/v{version.number}/#{rule}"


def _outcome_address(code: str) -> str:
    return f"{settings.SITE_URL}/convert/?have={code}"


def _institution_address(institution: Institution) -> str:
    return f"{settings.SITE_URL}/institutions/{institution.code}/"
