"""A decision in words: for the learner's, the officer's and the public page alike.

Works on the stored document, so old decisions read as new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.rules.changes import change_of
from creditbank.rules.limits import covers
from creditbank.rules.messages import FIELDS, reason_text, word
from creditbank.rules.sentences import limit_sentence, number, rule_sentence
from creditbank.rules.types import Limit, Reason, RecordFacts, Rule, RuleBase

Titles = Mapping[str, tuple[str, str]]
NEARLY_FULL = 5
"""A limit counts as nearly full where less than a fifth of it is left."""


@dataclass(frozen=True)
class ConditionShown:
    """One condition with what was found and asked."""

    ok: bool
    text: str


@dataclass(frozen=True)
class LimitShown:
    """A limit that counts a line: what it says, and how much of it is used after the whole decision."""

    id: str
    text: str
    bound: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        return self.bound - self.used

    @property
    def used_said(self) -> str:
        """What is used, without needless zeros: limits count credits, courses or records."""
        return number(self.used)

    @property
    def left_said(self) -> str:
        return number(self.left)

    @property
    def nearly_full(self) -> bool:
        return self.left * NEARLY_FULL < self.bound


@dataclass(frozen=True)
class LineShown:
    """One grant of a proposal: from what, to what, how much, by which rule, and the arithmetic."""

    position: int
    sources: tuple[str, ...]
    outcome: str
    requirement: str
    credits: Decimal
    rule: str
    version: int
    sentence: str
    arithmetic: str
    conditions: tuple[ConditionShown, ...]
    cut_by: str
    records: tuple[str, ...] = ()
    agreement: str = ""
    holds_from: date | None = None
    holds_to: date | None = None
    use_before: date | None = None
    evidence: tuple[str, ...] = ()
    limits: tuple[LimitShown, ...] = ()


@dataclass(frozen=True)
class UnusedShown:
    """A record that is not used: why, and what would change it."""

    title: str
    reason: str
    others: tuple[str, ...]
    remedy: str


@dataclass(frozen=True)
class Shown:
    """A whole decision in words."""

    lines: tuple[LineShown, ...]
    unused: tuple[UnusedShown, ...]
    posted: Decimal
    proved: bool
    open_leaves: tuple[str, ...]


def show(
    document: Mapping[str, Any],
    *,
    base: RuleBase,
    records: Titles,
    outcomes: Titles,
    leaves: Titles,
    language: str,
    limits: Iterable[Limit] = (),
    facts: Iterable[RecordFacts] = (),
) -> Shown:
    """Put a stored decision into words of one language. ``records`` maps record ids, ``outcomes`` codes, ``leaves`` paths to titles.

    With ``limits`` and ``facts`` (the records of the question) each line also says which limits count it, and what is left of them.
    """
    known = {record.id: record for record in facts}
    rules = {rule.id: rule for rule in base.rules}
    lines = []
    for position, row in enumerate(document["allocation"], start=1):
        rule = rules.get(row["rule"])
        lines.append(
            LineShown(
                position=position,
                sources=tuple(_title(ident, records, language) for ident in row["records"]),
                outcome=_title(row["outcome"], outcomes, language) if row["outcome"] else "",
                requirement=_title(row["leaf"], leaves, language),
                credits=Decimal(row["posted"]),
                rule=row["rule"],
                version=row["version"],
                sentence=rule_sentence(rule, outcomes, language) if rule else "",
                arithmetic=_arithmetic(row, language),
                conditions=tuple(_condition(item, language) for item in row["conditions"]),
                cut_by=row["cut_by"],
                records=tuple(row["records"]),
                agreement=rule.agreement if rule else "",
                holds_from=rule.window_from if rule else None,
                holds_to=rule.window_to if rule else None,
                use_before=_use_before(row),
                evidence=rule.evidence if rule else (),
                limits=_limits(row, document, rule, tuple(limits), known, language) if rule else (),
            )
        )
    unused = tuple(_unused(row, records, outcomes, language) for row in document["unused"])
    return Shown(
        lines=tuple(lines),
        unused=unused,
        posted=Decimal(document["posted"]),
        proved=document["proof"]["status"] == "optimal",
        open_leaves=tuple(_title(path, leaves, language) for path in document["open_leaves"]),
    )


def _use_before(row: Mapping[str, Any]) -> date | None:
    """The earliest of the days by which the records had to be used, where the rule asks for one."""
    days = [str(item["needs"]) for item in row["conditions"] if item["name"] == "age"]
    return date.fromisoformat(min(days)) if days else None


def _limits(
    row: Mapping[str, Any],
    document: Mapping[str, Any],
    rule: Rule,
    limits: tuple[Limit, ...],
    known: Mapping[str, RecordFacts],
    language: str,
) -> tuple[LimitShown, ...]:
    grant = rule.grants[row["grant"] - 1] if row["grant"] <= len(rule.grants) else None
    lead = known.get(row["records"][0]) if row["records"] else None
    if grant is None or lead is None:
        return ()
    counting = {limit.id: limit for limit in limits if covers(limit, lead, grant)}
    return tuple(
        LimitShown(use["limit"], limit_sentence(counting[use["limit"]], language), Decimal(use["bound"]), Decimal(use["used"]))
        for use in document["limits"]
        if use["limit"] in counting
    )


def _title(ident: str, titles: Titles, language: str) -> str:
    zh, en = titles.get(ident, (ident, ident))
    return (en or zh) if language.startswith("en") else (zh or en)


def _arithmetic(row: Mapping[str, Any], language: str) -> str:
    """How the amount came about: exact value, ratio, rounding once."""
    english = language.startswith("en")
    if not row["ratio"]:
        return f"fixed at {row['amount']}" if english else f"规则定为 {row['amount']} 学分"
    exact = row["exact"].removesuffix("/1")
    ratio = row["ratio"].removesuffix("/1")
    if english:
        return f"ratio {ratio}, exactly {exact}, rounded once to {row['amount']}"
    return f"比率 {ratio}，精确值 {exact}，一次取整为 {row['amount']}"


def _condition(item: Mapping[str, Any], language: str) -> ConditionShown:
    column = 1 if language.startswith("en") else 0
    name = FIELDS.get(item["name"], (item["name"], item["name"]))[column]
    has, needs = word(str(item["has"]), language), word(str(item["needs"]), language)
    if item["name"] == "age":
        text = f"to be used before {needs}; judged on {has}" if column else f"时效：{needs} 前可用，判断日 {has}"
    else:
        text = f"{name} {needs}: found {has}" if column else f"{name}：要求 {needs}，实际 {has}"
    return ConditionShown(bool(item["ok"]), text)


def _unused(row: Mapping[str, Any], records: Titles, outcomes: Titles, language: str) -> UnusedShown:
    reasons = [Reason(reason["code"], reason["rule"], tuple((name, value) for name, value in reason["data"])) for reason in row["reasons"]]
    texts = [reason_text(reason.code, _named(reason.as_dict(), outcomes, language), language, rule=reason.rule) for reason in reasons]
    change = change_of(reasons)
    named = {ident: _title(ident, records, language) for ident in records}
    remedy = change.text(language, named) if change else ""
    return UnusedShown(_title(row["record"], records, language), texts[0], tuple(dict.fromkeys(texts[1:])), remedy)


def _named(data: Mapping[str, str], outcomes: Titles, language: str) -> dict[str, str]:
    """The data of a reason with the titles of outcomes in the place of their codes; a reader knows titles."""
    marks = ("《", "》", "、") if not language.startswith("en") else ("“", "”", ", ")
    return {name: _title_list(value.split(", "), outcomes, language, marks) or value for name, value in data.items()}


def _title_list(codes: list[str], outcomes: Titles, language: str, marks: tuple[str, str, str]) -> str:
    """Titles in their marks where every part is the code of an outcome; else nothing."""
    if not all(code in outcomes for code in codes):
        return ""
    return marks[2].join(f"{marks[0]}{_title(code, outcomes, language)}{marks[1]}" for code in codes)
