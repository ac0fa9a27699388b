"""What the rules of a proposal ask to see, and what of it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from creditbank.recognition.models import ApplicationEvidence
from creditbank.rules.types import Facts, RuleBase
from learning.api import Evidence


@dataclass(frozen=True)
class EvidenceItem:
    """One item of a rule's list for one record: confirmed by the school itself, brought by the learner, or still missing."""

    number: int
    rule: str
    item: str
    record: str
    title_zh: str
    title_en: str
    is_confirmed: bool
    files: tuple[ApplicationEvidence, ...]
    archived: tuple[Evidence, ...]

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
    wanted: dict[tuple[str, str, str], bool] = {}
    for row in allocation:
        rule = rules.get(row["rule"])
        for item in rule.evidence if rule else ():
            confirmed = all(records[ident].trust == "institution" for ident in row["records"] if ident in records)
            wanted.setdefault((row["rule"], item, row["records"][0]), confirmed)
    if not wanted:
        return []
    brought, kept = list(files), _archived([record for _rule, _item, record in wanted])
    return [
        EvidenceItem(
            number, rule, item, record, records[record].title_zh, records[record].title_en, confirmed,
            tuple(file for file in brought if (file.item, str(file.record_uuid)) == (item, record)), tuple(kept.get(record, ())),
        )
        for number, ((rule, item, record), confirmed) in enumerate(wanted.items(), start=1)
    ]  # fmt: skip


def _archived(records: list[str]) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for row in Evidence.objects.filter(record__uuid__in=records).select_related("record"):
        found.setdefault(str(row.record.uuid), []).append(row)
    return found
