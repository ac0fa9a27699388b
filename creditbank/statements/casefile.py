"""A case as one signed file, from which anybody can see years later what was asked, by which rules, who decided, and that it was right.

A zip of JSON texts with a manifest of their hashes and an Ed25519 signature of the manifest. The same case gives the same bytes. People
stand in it as pseudonyms; what they wrote in free text stands as it was written.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from creditbank.agreements.queries import outcome_titles
from creditbank.ledger.models import Posting, Transaction
from creditbank.recognition.models import Application
from creditbank.recognition.queries import EXPORTED
from creditbank.recognition.replaying import read_snapshot
from creditbank.rules.sentences import limit_sentence, rule_sentence
from creditbank.rules.snapshot import canonical
from creditbank.statements.caselog import log_section
from creditbank.statements.models import Certificate
from foundation.api import AuditEntry, Notice, published_keys, record_audit_entry, seal_log, sign
from identity.api import User
from learning.api import Evidence

PURPOSE = "case-file"
SCHEMA = "jianglan-case-file/1"
SEALED_FIRST = 20_000
"""So many rows are sealed before a case is written down, whoever they belong to; the job does the rest."""
PATIENCE = 1
"""Seconds for transactions that are open."""
DAWN = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: a zip knows none before, and the day of the export belongs into the audit log."""
HIDDEN = frozenset({"id", "file", "filename"})
"""Fields that are not told: our own row numbers, and names of files, which people give after themselves."""
HELP = """\
Case file of the Jianglan Lifelong Learning and Credit Bank / 江澜终身学习与学分银行认定案卷

Check it with:  manage.py case_verify FILE [--keys KEYS.json]
manifest.json   SHA-256 of every other file / 其余各文件的 SHA-256
manifest.sig    Ed25519 signature of "jianglan-credit-bank case-file 1\\n" + manifest.json; public keys: /.well-known/credit-bank-keys.json
snapshot.json   the question as it was decided: facts, rules, limits, day / 决定时的全部输入
proposal.json   the engine's answer: allocation, conditions, reasons, proof / 引擎的结论与依据
rules.json      the rule book version: hash, sentences in both languages, typed rules / 规则版本及全文
log.json        audit entries and postings as they were sealed, with proofs up to a signed head of the log / 存证日志中的原文、包含证明与签名树头
People are pseudonyms (UUID). 人员以假名标识。
"""


def export_case(application: Application, *, actor: Any) -> bytes:
    """The case file, and an audit entry that somebody took it. What happened until now is sealed first, so that the file can prove it.

    Raises SigningKeyMissing.
    """
    seal_log(clock=timezone.now, patience=PATIENCE, most=SEALED_FIRST)  # steps of its own, before the transaction of this one
    with transaction.atomic():
        data = build_case_file(application)
        digest = hashlib.sha256(data).hexdigest()
        record_audit_entry(EXPORTED, actor=actor, about=application, concerns=application.learner.uuid, data={"sha256": digest})
    return data


def build_case_file(application: Application) -> bytes:
    """The file's bytes; the same ones as long as nothing happens in the case."""
    texts: dict[str, bytes] = {name: _json(value) for name, value in _sections(application).items()}
    texts |= {"snapshot.json": application.snapshot.encode(), "proposal.json": canonical(application.proposal).encode()}
    texts["README.txt"] = HELP.encode()
    manifest = {
        "schema": SCHEMA,
        "reference": application.reference,
        "software": settings.VERSION,
        "semantics": application.proposal.get("semantics", 1),
        "snapshot_hash": application.snapshot_hash,
        "files": {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()},
    }
    texts["manifest.json"] = _json(manifest)
    signature = sign(PURPOSE, texts["manifest.json"])
    texts["manifest.sig"] = _json({"key": signature.key, "value": signature.value})
    return _zip(texts)


def _zip(texts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(texts):
            entry = zipfile.ZipInfo(name, DAWN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, texts[name])
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _sections(application: Application) -> dict[str, Any]:
    used = sorted({ident for line in application.lines.all() for ident in line.records})
    return {
        "claim.json": row_facts(application, leave=("snapshot", "proposal")),
        "evidence.json": _evidence(used),
        "rules.json": _rules(application),
        "audit.json": _audit(application),
        "notices.json": _notices(application),
        "postings.json": _postings(application),
        "papers.json": _papers(application),
        "log.json": log_section(application),
        "keys.json": published_keys(),
    } | {f"case/{name}.json": rows for name, rows in _related(application).items()}


def row_facts(row: models.Model, *, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every field of a row by its name, but for those that the database derives; what it points to by pseudonym, code or uuid, never by a name."""
    facts: dict[str, Any] = {}
    for item in row._meta.concrete_fields:
        if item.generated or item.name in HIDDEN or item.name in leave or (item.is_relation and item.related_model is Application):
            continue
        facts[item.name] = _pointed(getattr(row, item.name)) if item.is_relation else getattr(row, item.attname)
    return facts


def _pointed(target: Any) -> Any:
    if target is None:
        return None
    if isinstance(target, User):
        return target.uuid
    return getattr(target, "code", None) or getattr(target, "uuid", None) or str(target)


def _related(application: Application) -> dict[str, list[dict[str, Any]]]:
    """Everything that hangs on the application, kind by kind: lines, steps, votes, evidence, appeals, and what comes later."""
    found = {}
    for relation in application._meta.get_fields(include_hidden=True):
        model = relation.related_model
        if not isinstance(model, type) or not relation.auto_created or relation.concrete or issubclass(model, Certificate):
            continue
        rows = model._default_manager.filter(**{relation.field.name: application}).order_by("pk")  # type: ignore[union-attr]
        found[str(model._meta.model_name)] = [row_facts(row) for row in rows]
    return found


def _evidence(records: list[str]) -> list[dict[str, Any]]:
    """Files of the records that were used: what they are, their hash, who brought them when."""
    rows = Evidence.objects.filter(record__uuid__in=records).select_related("record").order_by("record_id", "id")
    return [
        {
            "record": row.record.uuid, "record_hash": row.record.content_hash, "sha256": row.sha256, "size": row.size, "media_type": row.media_type,
            "uploaded_by": row.uploaded_by_uuid, "uploaded_at": row.uploaded_at,
        }
        for row in rows
    ]  # fmt: skip


def _rules(application: Application) -> dict[str, Any]:
    """The version that decided: number, hash, who wrote and who published it, every rule and limit as sentence and as typed data.

    Rules and limits are those of the snapshot, so they are what was decided by, whatever the tables say today.
    """
    version = application.rules
    known: dict[str, Any] = {}
    if version is not None:
        known = row_facts(version, leave=("book",)) | {"book": version.book.code, "title_zh": version.book.title_zh}
    if not application.snapshot:
        return known
    _facts, base, limits, _on = read_snapshot(application.snapshot)
    titles = outcome_titles()
    typed = json.loads(application.snapshot)
    known["rules"] = [
        {"id": rule.id, "version": rule.version, "zh": rule_sentence(rule, titles, "zh-hans"), "en": rule_sentence(rule, titles, "en")}
        for rule in sorted(base.rules, key=lambda rule: rule.id)
    ]
    known["limits"] = [{"id": limit.id, "zh": limit_sentence(limit, "zh-hans"), "en": limit_sentence(limit, "en")} for limit in limits]
    return known | {"typed": {"rules": typed["rules"], "limits": typed["limits"]}}


def _audit(application: Application) -> list[dict[str, Any]]:
    """Who did what in which role and institution, when, from where and why; that somebody took the file is left out."""
    rows = AuditEntry.objects.filter(object_type=application._meta.label_lower, object_key=str(application.uuid)).exclude(action=EXPORTED)
    return [row_facts(row, leave=("object_type", "object_key")) for row in rows.order_by("pk")]


def _notices(application: Application) -> list[dict[str, Any]]:
    """What the learner was told about it, when, and when it was opened."""
    rows = Notice.objects.filter(recipient_uuid=application.learner.uuid, data__reference=application.reference).order_by("pk")
    return [{"code": row.code, "data": row.data, "created_at": row.created_at, "read_at": row.read_at} for row in rows]


def _postings(application: Application) -> list[dict[str, Any]]:
    """Every transaction of the case with its postings, in the order in which they were entered."""
    entries = Transaction.objects.filter(application_uuid=application.uuid).order_by("pk")
    by_entry: dict[int, list[dict[str, Any]]] = {}
    for row in Posting.objects.filter(transaction__in=entries).select_related("source__unit", "destination__unit").order_by("pk"):
        moved = {
            "source": f"{row.source.kind}:{row.source.reference or row.source.owner_uuid}", "unit": row.source.unit.code,
            "destination": f"{row.destination.kind}:{row.destination.reference or row.destination.owner_uuid}",
            "amount": row.amount, "lot": row.lot_uuid,
        }  # fmt: skip
        by_entry.setdefault(row.transaction_id, []).append(moved)
    return [row_facts(entry, leave=("reverses",)) | {"postings": by_entry.get(entry.pk, [])} for entry in entries]


def _papers(application: Application) -> list[dict[str, Any]]:
    """Certificates that were issued of it: number, hash and dates; the name that stands on them does not stand here."""
    rows = Certificate.objects.filter(application=application).order_by("pk")
    wanted = ("number", "content_hash", "signing_key", "issued_at", "revoked_at", "revoked_reason", "revoked_by_uuid")
    return [{name: getattr(row, name) for name in wanted} for row in rows]
