"""Writing rule books: an author drafts a version, another person publishes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.exceptions import LintErrors, NotADraft, SamePerson
from creditbank.agreements.models import Agreement, LimitRow, RuleBook, RuleBookVersion, RuleRow
from creditbank.agreements.queries import limits_of, rule_base, target_of
from creditbank.catalogue.models import Outcome, Programme
from creditbank.rules.lint import lint
from creditbank.rules.reading import read_grant, read_limit, read_node
from creditbank.rules.snapshot import canonical, hash_of
from foundation.api import record_audit_entry

RULE_COLUMNS = (
    "priority",
    "window_from",
    "window_to",
    "window_date",
    "programmes",
    "route",
    "evidence",
    "reason_zh",
    "reason_en",
    "source",
)
LIMIT_COLUMNS = ("measure", "bound", "selector", "exempt", "per", "overflow", "source")


@transaction.atomic
def draft_version(
    book: RuleBook,
    *,
    rules: Sequence[Mapping[str, Any]],
    limits: Sequence[Mapping[str, Any]],
    valid_from: date,
    actor: Any,
    notes: str = "",
) -> RuleBookVersion:
    """A new draft with all its rules and limits; what was drafted before stays, as history.

    Raises BadRule for a rule that cannot be read, with its place; nothing is stored then.
    """
    for rule in rules:
        read_node(rule["lhs"], rule["id"])
        for grant in rule["grants"]:
            read_grant(grant, rule["id"])
    for limit in limits:
        read_limit(limit, limit["id"])
    newest = book.versions.order_by("-number").values_list("number", flat=True).first()
    version = RuleBookVersion.objects.create(
        book=book, number=(newest or 0) + 1, valid_from=valid_from, author_uuid=actor.uuid, notes=notes,
        content_hash=hash_of(canonical({"rules": list(rules), "limits": list(limits)})),
    )  # fmt: skip
    agreements = dict(Agreement.objects.values_list("code", "pk"))
    RuleRow.objects.bulk_create([_rule_row(version, rule, agreements) for rule in rules])
    LimitRow.objects.bulk_create([_limit_row(version, limit) for limit in limits])
    record_audit_entry("agreements.draft", actor=actor, about=version, data={"book": book.code, "number": version.number})
    return version


def _rule_row(version: RuleBookVersion, rule: Mapping[str, Any], agreements: Mapping[str, int]) -> RuleRow:
    columns = {name: rule[name] for name in RULE_COLUMNS if rule.get(name) is not None}
    agreement = agreements[rule["agreement"]] if rule.get("agreement") else None
    return RuleRow(version=version, code=rule["id"], lhs=rule["lhs"], grants=list(rule["grants"]), agreement_id=agreement, **columns)


def _limit_row(version: RuleBookVersion, limit: Mapping[str, Any]) -> LimitRow:
    columns = {name: limit[name] for name in LIMIT_COLUMNS if limit.get(name) is not None}
    num, _slash, den = str(limit.get("share") or "").partition("/")
    return LimitRow(version=version, code=limit["id"], share_num=int(num) if num else None, share_den=int(den) if den else None, **columns)


@transaction.atomic
def publish_rules(version: RuleBookVersion, *, actor: Any, at: datetime) -> RuleBookVersion:
    """Put a draft in force from its date; the version before ends the day before.

    Raises SamePerson for the author, NotADraft, LintErrors with what blocks it. The schema refuses the author as well.
    """
    version = RuleBookVersion.objects.select_for_update().select_related("book").get(pk=version.pk)
    if version.status != VersionStatus.DRAFT:
        raise NotADraft(version.status)
    if version.author_uuid == actor.uuid:
        raise SamePerson(str(version.author_uuid))
    blocking = [f"{finding.code} {', '.join(finding.ids)}" for finding in findings_of(version) if finding.severity == "E"]
    if blocking:
        raise LintErrors(blocking)
    before = version.book.versions.filter(status=VersionStatus.PUBLISHED, valid_to__isnull=True)
    before.update(valid_to=version.valid_from - timedelta(days=1))
    version.status, version.publisher_uuid, version.published_at = VersionStatus.PUBLISHED, actor.uuid, at
    version.save(update_fields=["status", "publisher_uuid", "published_at"])
    record_audit_entry("agreements.publish", actor=actor, about=version, data={"book": version.book.code, "number": version.number})
    return version


def findings_of(version: RuleBookVersion) -> tuple[Any, ...]:
    """The lint of a version against the catalogue and the open programmes of its institution."""
    programmes = Programme.objects.open().filter(institution=version.book.institution_id).select_related("system")
    targets = [target_of(programme) for programme in programmes]
    return lint(rule_base(version), limits_of(version), targets, list(Outcome.objects.values_list("code", flat=True)))
