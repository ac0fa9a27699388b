"""What changes from one rule book to another, in words: the difference of canonical sentences, and columns that sentences do not show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Any, Literal

from creditbank.rules.sentences import HIDDEN, Titles, limit_sentence, rule_sentence
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Limit, Rule, RuleBase

Kind = Literal["added", "removed", "changed"]
Sign = Literal["=", "-", "+"]
MOST_PIECES = 2_000
"""Words of a sentence that are compared one by one; a longer one is shown as replaced whole."""
WORD = re.compile(r"[A-Za-z0-9_.:%-]+|\s+|.", re.DOTALL)

TABLES: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "system": lambda row: (row.code,),
    "rate": lambda row: (row.source, row.target, row.window_from, row.window_to),
    "outcome": lambda row: (row.code, row.version),
    "scale": lambda row: (row.code, row.institution),
    "calendar": lambda row: (row.code,),
    "agreement": lambda row: (row.code, row.version),
}
"""Reference tables of a rule book and what tells their rows apart."""

WORDS = {
    "rule": ("规则", "rule"), "limit": ("限额", "limit"), "system": ("学分制", "unit"), "rate": ("折算比率", "rate"), "outcome": ("学习成果", "outcome"),
    "scale": ("成绩等级表", "grade scale"), "calendar": ("校历", "calendar"), "agreement": ("协议", "agreement"), "convertible": ("类别转换", "conversion of categories"),
    "added": ("新增", "added"), "removed": ("删除", "removed"), "changed": ("修改", "changed"),
}  # fmt: skip
COLUMN_WORDS = {
    "version": ("版本", "version"), "agreement": ("协议", "agreement"), "precedence": ("协议位次", "precedence"), "priority": ("优先级", "priority"),
    "route": ("办理方式", "route"), "evidence": ("佐证材料", "evidence"), "reason_zh": ("中文说明", "reason in Chinese"),
    "reason_en": ("英文说明", "reason in English"), "source": ("出处", "source"), "status": ("状态", "status"),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A field that changed, as text before and after; empty where it was not set."""

    name: str
    before: str
    after: str

    def title(self, language: str) -> str:
        """The field's name in words."""
        return COLUMN_WORDS.get(self.name, (self.name, self.name))[1 if language.startswith("en") else 0]


@dataclass(frozen=True)
class Difference:
    """One thing that was added, removed or changed: a rule, a limit, or a row of a reference table."""

    kind: Kind
    what: str
    id: str
    before: Any = None
    after: Any = None
    columns: tuple[Column, ...] = ()

    def sentences(self, titles: Titles, language: str) -> tuple[str, str]:
        """The canonical sentence before and after; empty where there is none. Outcomes of one title are told apart by their codes."""
        before, after = _sentence(self.before, titles, language), _sentence(self.after, titles, language)
        if before == after and self.kind == "changed":
            return _sentence(self.before, {}, language), _sentence(self.after, {}, language)
        return before, after

    def pieces(self, titles: Titles, language: str) -> tuple[tuple[Sign, str], ...]:
        """The two sentences as one text: "=" stays, "-" goes, "+" comes. Removed text stands before what replaces it."""
        return difference_of(*self.sentences(titles, language))

    def text(self, titles: Titles, language: str) -> str:
        """In one line: [-what goes-] and {+what comes+} inside the sentence, then the columns."""
        english = language.startswith("en")
        marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
        if self.kind == "changed":
            said = "".join(marks[sign].format(text) for sign, text in self.pieces(titles, language))
        else:
            said = "".join(self.sentences(titles, language))
        listed = [f"{column.title(language)}: {column.before or '—'} → {column.after or '—'}" for column in self.columns]
        head = " ".join(WORDS[word][1 if english else 0] for word in (self.kind, self.what))
        return f"{head} {self.id}{': ' if english else '：'}" + " ".join([*([said] if said else []), *listed])


def differences(
    old: RuleBase, old_limits: Iterable[Limit], new: RuleBase, new_limits: Iterable[Limit], *, tables: bool = True
) -> tuple[Difference, ...]:
    """Everything that differs between two rule books, rules first, sorted by id. ``tables`` includes units, rates and the like."""
    found = list(_compared("rule", old.rules, new.rules, lambda rule: (rule.id,)))
    found += _compared("limit", old_limits, new_limits, lambda limit: (limit.id,))
    if tables:
        for what, key in TABLES.items():
            found += _compared(what, getattr(old, f"{what}s"), getattr(new, f"{what}s"), key)
        found += _conversions(old, new)
    return tuple(found)


def _compared(what: str, old: Iterable[Any], new: Iterable[Any], key: Callable[[Any], tuple[Any, ...]]) -> Iterator[Difference]:
    before, after = {_name(key(row)): row for row in old}, {_name(key(row)): row for row in new}
    for name in sorted({*before, *after}):
        first, second = before.get(name), after.get(name)
        if first is None:
            yield Difference("added", what, name, after=second, columns=_all_columns(what, None, second))
        elif second is None:
            yield Difference("removed", what, name, before=first, columns=_all_columns(what, first, None))
        elif first != second:
            columns = tuple(_columns(what, first, second))
            if columns or _sentence(first, {}, "en") != _sentence(second, {}, "en"):
                yield Difference("changed", what, name, first, second, columns)


def _name(parts: tuple[Any, ...]) -> str:
    return " ".join("…" if part is None else str(part) for part in parts)


def _columns(what: str, before: Any, after: Any) -> Iterator[Column]:
    """Changed fields that no sentence shows; where the sentences are equal, every changed field."""
    shown = what in {"rule", "limit"} and _sentence(before, {}, "en") != _sentence(after, {}, "en")
    names = HIDDEN[what] if shown else tuple(item.name for item in fields(before))
    for name in names:
        first, second = _cell(getattr(before, name)), _cell(getattr(after, name))
        if first != second:
            yield Column(name, first, second)


def _all_columns(what: str, before: Any, after: Any) -> tuple[Column, ...]:
    """Of what is added or removed: the fields that a sentence does not show, where they say more than their default."""
    if what == "rule":
        names = tuple(name for name in HIDDEN[what] if name not in {"id", "version"})
    elif what == "limit":
        return ()
    else:
        names = tuple(item.name for item in fields(before if before is not None else after))
    default = {item.name: _cell(item.default) for item in fields(before if before is not None else after)}
    pairs = ((name, *(_cell(getattr(row, name)) if row is not None else "" for row in (before, after))) for name in names)
    return tuple(Column(name, first, second) for name, first, second in pairs if (first or second) != default[name])


def _conversions(old: RuleBase, new: RuleBase) -> Iterator[Difference]:
    def of(base: RuleBase) -> Mapping[tuple[str, str], str]:
        return {**dict.fromkeys(base.partly_convertible, "partial"), **dict.fromkeys(base.convertible, "allow")}

    before, after = of(old), of(new)
    for pair in sorted({*before, *after}):
        first, second = before.get(pair, ""), after.get(pair, "")
        if first != second:
            kind: Kind = "added" if not first else "removed" if not second else "changed"
            yield Difference(kind, "convertible", " → ".join(pair), columns=(Column("value", first, second),))


def _cell(value: Any) -> str:
    said = plain(value)
    if value is None or said == []:
        return ""
    return ";".join(_cell(item) for item in said) if isinstance(said, list) else str(said)


def _sentence(thing: Any, titles: Titles, language: str) -> str:
    if isinstance(thing, Rule):
        return rule_sentence(thing, titles, language)
    return limit_sentence(thing, language) if isinstance(thing, Limit) else ""


def difference_of(before: str, after: str) -> tuple[tuple[Sign, str], ...]:
    """Two texts as pieces that stay, go or come, word by word (Chinese: sign by sign)."""
    first, second = WORD.findall(before), WORD.findall(after)
    if max(len(first), len(second)) > MOST_PIECES:
        return tuple((sign, text) for sign, text in (("-", before), ("+", after)) if text)  # type: ignore[misc]
    pieces: list[tuple[Sign, str]] = []
    for tag, start, stop, begin, end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("=", "".join(first[start:stop])))
            continue
        if start < stop:
            pieces.append(("-", "".join(first[start:stop])))
        if begin < end:
            pieces.append(("+", "".join(second[begin:end])))
    return tuple(pieces)
