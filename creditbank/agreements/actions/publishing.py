"""Publishing a version, and retiring it: another person than the author, after examples and lint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from creditbank.agreements.checking import examples_of, findings_of
from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.exceptions import BadDay, ExamplesFail, LintErrors, NotAcknowledged, NotADraft, NotPublished, SamePerson
from creditbank.agreements.models import FindingAcknowledgement, RuleBook, RuleBookVersion
from creditbank.rules.findings import Finding
from foundation.api import record_audit_entry

MOST_KEPT = 200
"""Findings of one kind that an acknowledgement lists; the note is about all of them."""


@transaction.atomic
def publish_rules(version: RuleBookVersion, *, actor: Any, at: datetime, acknowledged: Mapping[str, str] | None = None) -> RuleBookVersion:
    """Put a draft in force from its date, which may lie ahead; the version before ends the day before.

    ``acknowledged`` maps the code of every kind of warning to what the publisher says about it. Raises NotADraft; SamePerson for the
    author (the schema refuses the author as well); ExamplesFail; LintErrors with what blocks it; NotAcknowledged with the kinds that are
    missing. Nothing has changed then.
    """
    RuleBook.objects.select_for_update().get(pk=version.book_id)
    version = RuleBookVersion.objects.select_for_update(of=("self",)).select_related("book").get(pk=version.pk)
    if version.status != VersionStatus.DRAFT:
        raise NotADraft(version.status)
    if version.author_uuid == actor.uuid:
        raise SamePerson(str(version.author_uuid))
    failed = [result.example.code for result in examples_of(version) if not result.passed]
    if failed:
        raise ExamplesFail(failed)
    findings = findings_of(version)
    blocking = [f"{finding.code} {', '.join(finding.ids)}" for finding in findings if finding.severity == "E"]
    if blocking:
        raise LintErrors(blocking)
    _acknowledge(version, findings, acknowledged or {}, actor=actor, at=at)
    _supersede(version)
    version.status, version.publisher_uuid, version.published_at = VersionStatus.PUBLISHED, actor.uuid, at
    version.save(update_fields=["status", "publisher_uuid", "published_at"])
    data = {"book": version.book.code, "number": version.number, "valid_from": version.valid_from.isoformat()}
    record_audit_entry("agreements.publish", actor=actor, about=version, data=data)
    return version


def _acknowledge(version: RuleBookVersion, findings: tuple[Finding, ...], notes: Mapping[str, str], *, actor: Any, at: datetime) -> None:
    warnings: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "W":
            warnings.setdefault(finding.code, []).append(finding)
    missing = sorted(code for code in warnings if not notes.get(code, "").strip())
    if missing:
        raise NotAcknowledged(missing)
    FindingAcknowledgement.objects.bulk_create(
        FindingAcknowledgement(
            version=version, code=code, note=notes[code].strip()[:2000], by_uuid=actor.uuid, at=at,
            findings=[{"ids": list(one.ids), "zh": one.text("zh-hans"), "en": one.text("en")} for one in listed[:MOST_KEPT]],
        )
        for code, listed in sorted(warnings.items())
    )  # fmt: skip


def _supersede(version: RuleBookVersion) -> None:
    """Earlier versions end the day before; one that would only have begun later never comes into force."""
    last = version.valid_from - timedelta(days=1)
    shown = version.book.versions.exclude(status=VersionStatus.DRAFT)
    begun = shown.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=last), valid_from__lte=last)
    begun.update(valid_to=last)
    for later in shown.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=version.valid_from), valid_from__gte=version.valid_from):
        later.valid_to, later.status = later.valid_from - timedelta(days=1), VersionStatus.RETIRED
        later.save(update_fields=["valid_to", "status"])


@transaction.atomic
def retire_version(version: RuleBookVersion, *, last_day: date, actor: Any, reason: str) -> RuleBookVersion:
    """Let a published version end with a day, without another taking its place; applications keep the version of their submission.

    Raises NotPublished, BadDay for a last day before its first or after its own end.
    """
    version = RuleBookVersion.objects.select_for_update(of=("self",)).select_related("book").get(pk=version.pk)
    if version.status != VersionStatus.PUBLISHED:
        raise NotPublished(version.status)
    if last_day < version.valid_from or (version.valid_to is not None and last_day > version.valid_to):
        raise BadDay(last_day.isoformat())
    version.status, version.valid_to, version.retired_by_uuid, version.retired_why = (
        VersionStatus.RETIRED,
        last_day,
        actor.uuid,
        reason[:500],
    )
    version.save(update_fields=["status", "valid_to", "retired_by_uuid", "retired_why"])
    data = {"book": version.book.code, "number": version.number, "last_day": last_day.isoformat()}
    record_audit_entry("agreements.retire", actor=actor, about=version, reason=reason, data=data)
    return version
