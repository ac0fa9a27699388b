"""Examples of a rule book: a question in typed rows, run as a decision, compared with what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.rules.decide import decide
from creditbank.rules.exceptions import BadRule
from creditbank.rules.reading import decimal, values
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Decision, Facts, Limit, Outcome, RecordFacts, RuleBase, Target

MOST_RECORDS = 200


@dataclass(frozen=True)
class WrittenRecord:
    """One record of an example, with what must become of it: so many credits, or a reason why none."""

    record: str
    outcome: str
    facts: tuple[tuple[str, Any], ...] = ()
    gives: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True)
class WrittenExample:
    """An invented person's question and the answer that a version must give."""

    code: str
    reviewed_on: date
    records: tuple[WrittenRecord, ...]
    title_zh: str = ""
    title_en: str = ""
    programme: str = ""
    unit: str = ""
    cohort: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    posted: Decimal | None = None


@dataclass(frozen=True)
class Difference:
    """Where an answer is another than written: a record (empty: the whole), what was written, what came out."""

    record: str
    expected: str
    found: str


@dataclass(frozen=True)
class ExampleResult:
    """How an example came out."""

    example: WrittenExample
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def read_example(document: Mapping[str, Any]) -> WrittenExample:
    """An example from plain values. Raises BadRule with the place."""
    place = str(document.get("code") or "example")
    listed = document.get("records")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not 1 <= len(listed) <= MOST_RECORDS:
        raise BadRule(f"{place}.records: between 1 and {MOST_RECORDS}")
    head = values({name: value for name, value in document.items() if name != "records"}, WrittenExample, place)
    if not head.get("code") or not head.get("reviewed_on"):
        raise BadRule(f"{place}: an example has a code and a day of review")
    return WrittenExample(**head, records=tuple(_read_record(row, f"{place}.records[{at}]") for at, row in enumerate(listed)))


def _read_record(document: Any, place: str) -> WrittenRecord:
    if not isinstance(document, Mapping) or not document.get("record") or not document.get("outcome"):
        raise BadRule(f"{place}: a record has a name and an outcome")
    facts = {name: value for name, value in document.items() if name not in {"record", "outcome", "gives", "reason"} and value is not None}
    values(facts, RecordFacts, place)
    gives = decimal(document["gives"], f"{place}.gives") if document.get("gives") is not None else None
    if "earned_on" not in facts:
        raise BadRule(f"{place}: says no day on which it was earned")
    return WrittenRecord(
        str(document["record"]), str(document["outcome"]), tuple(sorted(plain(facts).items())), gives, str(document.get("reason") or "")
    )


def example_document(example: WrittenExample) -> dict[str, Any]:
    """An example as plain values that ``read_example`` reads; what is not said is left out."""
    head = {item.name: plain(getattr(example, item.name)) for item in fields(example) if item.name != "records"}
    rows = [
        {**dict(record.facts), "record": record.record, "outcome": record.outcome, "gives": plain(record.gives), "reason": record.reason}
        for record in example.records
    ]
    return {**_said(head), "records": [_said(row) for row in rows]}


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in (None, "", [])}


def run_example(
    example: WrittenExample, base: RuleBase, limits: tuple[Limit, ...], targets: Sequence[Target], catalogue: Mapping[str, Outcome]
) -> ExampleResult:
    """Decide the example and compare. A programme that is not there is a difference, not an error."""
    target = next((target for target in targets if target.code == example.programme), None)
    if example.programme and target is None:
        return ExampleResult(example, (Difference("", example.programme, "—"),))
    facts = Facts(
        learner=f"example:{example.code}",
        records=tuple(_facts(row, catalogue.get(row.outcome)) for row in example.records),
        target=target or Target("", example.unit or (base.systems[0].code if base.systems else "")),
        applied_on=example.reviewed_on,
        cohort=example.cohort,
        attributes=example.attributes,
    )
    return ExampleResult(example, tuple(_differences(example, decide(facts, base, limits, example.reviewed_on))))


def _facts(row: WrittenRecord, about: Outcome | None) -> RecordFacts:
    """A record as the engine sees it: what is written, else what the catalogue says of the outcome."""
    written = values(dict(row.facts), RecordFacts, row.record)
    known = {item.name for item in fields(RecordFacts)} & {
        "credits",
        "system",
        "hours",
        "level",
        "subjects",
        "title_zh",
        "title_en",
        "common_id",
    }
    given = {name: getattr(about, name) for name in known} if about else {}
    given |= {"category": about.category or "academic", "source_type": about.source_type or "course"} if about else {}
    found = RecordFacts(**{"issuer": about.owner if about else "", **given, **written, "id": row.record, "outcome": row.outcome})
    return replace(found, dup_class=about.class_key) if about and not found.dup_class else found


def _differences(example: WrittenExample, decision: Decision) -> list[Difference]:
    given: dict[str, Decimal] = {}
    for row in decision.allocation:
        for record in row.records:
            given[record] = given.get(record, Decimal(0)) + row.posted
    why = {unused.record: unused.headline.code for unused in decision.unused}
    found = []
    if example.posted is not None and decision.posted != example.posted:
        found.append(Difference("", _text(example.posted), _text(decision.posted)))
    for written in example.records:
        name = written.record
        came = _text(given[name]) if name in given else why.get(name, "—")
        if written.gives is not None and given.get(name, Decimal(0)) != written.gives:
            found.append(Difference(name, _text(written.gives), came))
        elif written.reason and why.get(name) != written.reason:
            found.append(Difference(name, written.reason, came))
    return found


def _text(amount: Decimal) -> str:
    return str(plain(amount))
