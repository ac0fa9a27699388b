"""What would change it: the one condition that stands between a record and its use, as data and in words.

It follows from the reasons of a decision and is never stored, so old decisions say it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from creditbank.rules.messages import word
from creditbank.rules.results import Reason

Data = Mapping[str, str]

TEXTS: dict[str, tuple[str, str]] = {
    "reach_score": ("成绩达到 {needs} 即可认定。", "Reach a score of {needs}."),
    "reach_grade": ("成绩等级达到 {needs} 即可认定。", "Reach a grade of {needs}."),
    "reach_attendance": ("出勤率达到 {needs}% 即可认定。", "Reach an attendance of {needs} %."),
    "earn_credits": ("再取得 {missing} 学分（合计 {needs}）即可认定。", "Earn {missing} more credits, {needs} in all."),
    "complete": ("还需同时具备：{needs}。", "Complete as well: {needs}."),
    "complete_more": ("从列出的成果中再取得 {missing} 项（共 {needs} 项）即可认定。", "Complete {missing} more of those listed, {needs} in all."),
    "confirm": ("请颁发机构确认这条记录即可。", "Ask the institution to confirm the record."),
    "renew": ("更新证书，使其在 {needs} 当日有效即可。", "Renew it so that it is valid on {needs}."),
    "bring_evidence": ("在 {due} 前提交“{item}”即可。", "Bring “{item}” by {due}."),
    "become_eligible": ("当 {condition} 为 {needs} 时即可使用。", "It can be used when {condition} is {needs}."),
    "settle_other": ("撤回另一份占用它的申请，或等待其办结。", "Withdraw the other application that reserves it, or wait for its end."),
    "be_confirmed": ("等学分确认入账后即可使用。", "It can be used as soon as its credit is confirmed."),
    "make_room": ("放弃同一限额下的 {release}，可以腾出额度。", "Leave out {release}, which stands under the same limit, to make room."),
    "ask_review": ("您可以申请个案审核。", "You may ask for an individual review."),
}  # fmt: skip
"""Every kind of change in Chinese and English."""


@dataclass(frozen=True)
class Change:
    """The single condition: its kind (a key of TEXTS), the rule it is about, and the values found and needed."""

    kind: str
    rule: str = ""
    data: tuple[tuple[str, str], ...] = ()

    def text(self, language: str, names: Mapping[str, str] | None = None) -> str:
        """In words; ``names`` are what people call the records that would have to be left out."""
        words = {name: word(value, language) for name, value in self.data}
        if "release" in words and names is not None:
            listed = [names.get(ident, ident) for ident in words["release"].split("; ")]
            words["release"] = (", " if language.startswith("en") else "、").join(listed)
        return TEXTS[self.kind][1 if language.startswith("en") else 0].format_map(words)


def change_of(reasons: Sequence[Reason]) -> Change | None:
    """What would change it for a record with these reasons, the headline first; None where more than one thing, or nothing, would.

    The rule of the headline came furthest, so it is the one that is asked; where it names two conditions, no single one would do.
    """
    if not reasons:
        return None
    headline, data = reasons[0], reasons[0].as_dict()
    asked = {
        (reason.code, reason.as_dict().get("field") or reason.as_dict().get("item")) for reason in reasons if reason.rule == headline.rule
    }
    if headline.rule and len(asked) > 1:
        return None
    found = _FAILED.get(data.get("field", "")) if headline.code == "rule_failed" else _OTHERS.get(headline.code)
    kind = found(data) if found else ""
    return Change(kind, headline.rule, tuple(sorted({**data, **_missing(data)}.items()))) if kind else None


def _missing(data: Data) -> dict[str, str]:
    try:
        more = Decimal(data.get("needs", "")) - Decimal(data.get("has", ""))
    except InvalidOperation:
        return {}
    return {"missing": format(more.normalize(), "f")} if more > 0 else {}


def _always(kind: str) -> Callable[[Data], str]:
    return lambda _data: kind


def _counted(kind: str) -> Callable[[Data], str]:
    return lambda data: kind if _missing(data) else ""


_FAILED: dict[str, Callable[[Data], str]] = {
    "score": _always("reach_score"), "grade": _always("reach_grade"), "attendance": _always("reach_attendance"), "trust": _always("confirm"),
    "missing_record": lambda data: "complete" if data.get("needs", "—") != "—" else "", "k_of_n": _counted("complete_more"),
    "credits": lambda data: "earn_credits" if "of" in data and _missing(data) else "", "validity": _always("renew"),
}  # fmt: skip
_OTHERS: dict[str, Callable[[Data], str]] = {
    "evidence_missing": _always("bring_evidence"),
    "not_eligible": _always("become_eligible"),
    "not_available": lambda data: (
        "settle_other" if data.get("state") == "held" else "be_confirmed" if data.get("state") == "pending" else ""
    ),
    "limit_full": lambda data: "make_room" if data.get("release") else "",
    "no_rule": _always("ask_review"),
}
