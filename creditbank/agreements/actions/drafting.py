"""Drafting a version of a rule book: from documents, or from typed rules that came out of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from creditbank.agreements.examples import WrittenExample, read_example
from creditbank.agreements.models import Agreement, ExampleRecord, LimitRow, RuleBook, RuleBookVersion, RuleExample, RuleRow
from creditbank.agreements.queries import LIMIT_COLUMNS, RULE_COLUMNS
from creditbank.rules.exceptions import BadRule
from creditbank.rules.reading import document_of, limit_document, node_document, read_limit, read_rule
from creditbank.rules.snapshot import canonical, hash_of, plain
from creditbank.rules.tables import Pairs, TitleMatching
from creditbank.rules.types import Limit, Rule
from foundation.api import record_audit_entry


@dataclass(frozen=True)
class BookSettings:
    """What holds for a whole version: who may use it, who may not, and whether titles are compared."""

    eligible: Pairs = ()
    not_eligible: Pairs = ()
    titles: TitleMatching | None = None


NO_SETTINGS = BookSettings()
LONGEST = {"id": 40, "source": 300, "agreement": 40}
LARGEST = {"priority": 32_767, "offer_k": 32_767, "revision": 2**31 - 1, "share_num": 2**31 - 1, "share_den": 2**31 - 1}
"""What whole numbers the columns take on either database."""


@transaction.atomic
def draft_version(
    book: RuleBook,
    *,
    rules: Sequence[Mapping[str, Any]],
    limits: Sequence[Mapping[str, Any]],
    valid_from: date,
    actor: Any,
    notes: str = "",
    examples: Sequence[Mapping[str, Any]] = (),
    settings: BookSettings = NO_SETTINGS,
) -> RuleBookVersion:
    """A new draft from documents (``creditbank.rules.reading``) with all its rules, limits and examples.

    What was drafted before stays, as history. Raises BadRule for what cannot be read, with its place; nothing is stored then.
    """
    version = _next_number(book)
    return store_version(
        book,
        rules=[read_rule(rule, version) for rule in rules],
        limits=[read_limit(limit, str(limit.get("id") or "limit")) for limit in limits],
        sources={str(limit["id"]): str(limit.get("source") or "") for limit in limits},
        examples=[read_example(example) for example in examples],
        valid_from=valid_from,
        actor=actor,
        notes=notes,
        settings=settings,
    )


@transaction.atomic
def store_version(
    book: RuleBook,
    *,
    rules: Sequence[Rule],
    limits: Sequence[Limit],
    valid_from: date,
    actor: Any,
    notes: str = "",
    examples: Sequence[WrittenExample] = (),
    sources: Mapping[str, str] | None = None,
    settings: BookSettings = NO_SETTINGS,
) -> RuleBookVersion:
    """A new draft from typed rules; ``sources`` says where the figure of a limit comes from. Raises BadRule; nothing is stored then."""
    number = _next_number(book)
    agreements = _agreements(rules)
    _require_once("rule", [rule.id for rule in rules])
    _require_once("limit", [limit.id for limit in limits])
    _require_once("example", [example.code for example in examples])
    plain_rules = [replace(rule, precedence=0) for rule in rules]  # the agreement says it
    content = {"rules": sorted(map(canonical, plain_rules)), "limits": sorted(map(canonical, limits)), "examples": sorted(map(canonical, examples)),
               "settings": settings}  # fmt: skip
    version = RuleBookVersion.objects.create(
        book=book, number=number, valid_from=valid_from, author_uuid=actor.uuid, notes=notes[:500], content_hash=hash_of(canonical(content)),
        **{name: value if value is None else plain(value) for name, value in vars(settings).items()},
    )  # fmt: skip
    RuleRow.objects.bulk_create([_rule_row(version, rule, agreements) for rule in rules], batch_size=500)
    LimitRow.objects.bulk_create([_limit_row(version, limit, (sources or {}).get(limit.id, "")) for limit in limits], batch_size=500)
    _store_examples(version, examples)
    data = {"book": book.code, "number": number, "rules": len(rules), "limits": len(limits), "examples": len(examples)}
    record_audit_entry("agreements.draft", actor=actor, about=version, data=data)
    return version


def _next_number(book: RuleBook) -> int:
    """The number of the next version; the book stays locked until the transaction ends."""
    RuleBook.objects.select_for_update().get(pk=book.pk)
    newest = book.versions.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def _agreements(rules: Iterable[Rule]) -> dict[str, int]:
    wanted = {rule.agreement for rule in rules if rule.agreement}
    known = dict(Agreement.objects.filter(code__in=wanted).values_list("code", "pk"))
    for rule in rules:
        if rule.agreement and rule.agreement not in known:
            raise BadRule(f"{rule.id}.agreement: there is no agreement {rule.agreement[:40]!r}")
    return known


def _require_once(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if len(name) > LONGEST["id"]:
            raise BadRule(f"{kind} {name[:40]}…: a number has at most {LONGEST['id']} characters")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise BadRule(f"{kind} {', '.join(twice[:5])}: there twice")


def _rule_row(version: RuleBookVersion, rule: Rule, agreements: Mapping[str, int]) -> RuleRow:
    columns = {name: _column(getattr(rule, name)) for name in RULE_COLUMNS}
    if len(rule.source) > LONGEST["source"]:
        raise BadRule(f"{rule.id}.source: at most {LONGEST['source']} characters")
    if rule.window_from and rule.window_to and rule.window_from > rule.window_to:
        raise BadRule(f"{rule.id}.window_to: before window_from")
    row = RuleRow(
        version=version, code=rule.id, revision=rule.version, agreement_id=agreements.get(rule.agreement), lhs=node_document(rule.lhs),
        grants=[document_of(grant) for grant in rule.grants], **columns,
    )  # fmt: skip
    return _fitting(row, rule.id)


def _limit_row(version: RuleBookVersion, limit: Limit, source: str) -> LimitRow:
    columns = {name: _column(getattr(limit, name)) for name in LIMIT_COLUMNS if name not in {"selector", "exempt"}}
    chosen = limit_document(limit)
    share = limit.share
    row = LimitRow(
        version=version, code=limit.id, share_num=share.numerator if share else None, share_den=share.denominator if share else None,
        selector=chosen.get("selector", {}), exempt=chosen.get("exempt", {}), year_start=f"{limit.year_start[0]:02}-{limit.year_start[1]:02}",
        source=source[: LONGEST["source"]], **columns,
    )  # fmt: skip
    return _fitting(row, limit.id)


R = TypeVar("R", bound=models.Model)


def _fitting(row: R, place: str) -> R:
    """The row, if every value is one that its column takes: a longer text or a larger figure is told with its place. Raises BadRule."""
    for item in row._meta.concrete_fields:
        value = getattr(row, item.attname)
        if item.is_relation or item.primary_key or isinstance(item, models.JSONField) or value is None or value == "":
            continue
        try:
            item.run_validators(value.normalize() if isinstance(value, Decimal) else value)
        except ValidationError as error:
            raise BadRule(f"{place}.{item.name}: {error.messages[0]}") from error
        if item.name in LARGEST and not 0 <= value <= LARGEST[item.name]:
            raise BadRule(f"{place}.{item.name}: between 0 and {LARGEST[item.name]}")
    return row


def _column(value: Any) -> Any:
    return plain(value) if isinstance(value, tuple) else value


def _store_examples(version: RuleBookVersion, examples: Iterable[WrittenExample]) -> None:
    for example in examples:
        _require_once(f"{example.code}.record", [record.record for record in example.records])
        row = RuleExample(
            version=version, code=example.code, title_zh=example.title_zh, title_en=example.title_en, programme=example.programme,
            unit=example.unit, cohort=example.cohort, attributes=plain(example.attributes), reviewed_on=example.reviewed_on, posted=example.posted,
        )  # fmt: skip
        _fitting(row, example.code).save()
        records = [
            ExampleRecord(
                version=version, example=row, record=record.record, outcome=record.outcome, facts=dict(record.facts), gives=record.gives,
                reason=record.reason,
            )
            for record in example.records
        ]  # fmt: skip
        ExampleRecord.objects.bulk_create(_fitting(one, f"{example.code}.{one.record}") for one in records)
