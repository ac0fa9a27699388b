"""What the rules of a proposal ask to see, and what of it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from creditbank.recognition.models import ApplicationEvidence
from creditbank.rules.types import Facts, RuleBase
from learning.api import Evidence


def promised(facts: Facts, base: RuleBase) -> Facts:
    """The question as it is asked before anything is brought: every record will have what the rules ask to see.

    What a proposal then really uses must be there when it is sent; so the learner first sees what the evidence is worth bringing for.
    """
    names = evidence_names(base)
    return replace(facts, records=tuple(replace(record, evidence=names) for record in facts.records)) if names else facts


def evidence_names(base: RuleBase) -> tuple[str, ...]:
    """Every item of evidence that some rule of a book asks to see, sorted."""
    return tuple(sorted({read_item(item)[0] for rule in base.rules for item in rule.evidence}))


def read_item(item: str) -> tuple[str, int | None]:
    """An item of a rule's list: its name, and within how many days after the application it may follow (``item:days``); None: at once."""
    name, _colon, days = item.rpartition(":")
    return (name, int(days)) if name and days.isdecimal() else (item, None)


@dataclass(frozen=True)
class EvidenceItem:
    """One item of a rule's list for one record: confirmed by the school itself, brought by the learner, or still missing."""

    number: int
    rule: str
    item: str
    record: str
    title_zh: str
    title_en: str
    days: int | None
    is_confirmed: bool
    files: tuple[ApplicationEvidence, ...]
    archived: tuple[Evidence, ...]

    @property
    def may_follow(self) -> bool:
        """Whether it may be brought after the application was sent."""
        return self.days is not None

    @property
    def is_done(self) -> bool:
        return self.is_confirmed or bool(self.files) or bool(self.archived)


def evidence_items(
    allocation: Iterable[Mapping[str, Any]], facts: Facts, base: RuleBase, *, files: Iterable[ApplicationEvidence] = ()
) -> list[EvidenceItem]:
    """The evidence list of a stored or fresh decision, each item once a record. One query, for files that lie in the archive already.

    Where an institution stands for every record of a line, the school has said it and nothing is asked.
    """
    rules = {rule.id: rule for rule in base.rules}
    records = {record.id: record for record in facts.records}
    wanted: dict[tuple[str, tuple[str, int | None], str], bool] = {}
    for row in allocation:
        rule = rules.get(row["rule"])
        for item in rule.evidence if rule else ():
            confirmed = all(records[ident].trust == "institution" for ident in row["records"] if ident in records)
            wanted.setdefault((row["rule"], read_item(item), row["records"][0]), confirmed)
    if not wanted:
        return []
    brought, kept = list(files), _archived([record for _rule, _item, record in wanted])
    return [
        EvidenceItem(
            number, rule, name, record, records[record].title_zh, records[record].title_en, days, confirmed,
            tuple(file for file in brought if (file.item, str(file.record_uuid)) == (name, record)), tuple(kept.get(record, ())),
        )
        for number, ((rule, (name, days), record), confirmed) in enumerate(wanted.items(), start=1)
    ]  # fmt: skip


def _archived(records: list[str]) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for row in Evidence.objects.filter(record__uuid__in=records).select_related("record"):
        found.setdefault(str(row.record.uuid), []).append(row)
    return found
