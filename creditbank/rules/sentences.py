"""A rule as one canonical sentence, in both languages: source [conditions] ⇒ what is given [flags]. Two rules with one sentence are duplicates.

What administers a rule (version, agreement, rank, route, evidence, reasons, origin) is not part of the sentence; ``HIDDEN`` lists it, and
``differences`` shows it beside the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from creditbank.rules.conditions import TRUST_RANK, USUAL_TRUST
from creditbank.rules.messages import word
from creditbank.rules.types import Grant, Leaf, Limit, Node, Rule

Titles = Mapping[str, tuple[str, str]]
"""Outcome code → (Chinese title, English title)."""

HIDDEN: dict[str, tuple[str, ...]] = {
    "rule": (
        "id", "version", "agreement", "precedence", "priority", "route", "evidence", "reason_zh", "reason_en", "source", "status",
    ),
    "limit": ("id",),
    "leaf": (),
    "node": (),
    "grant": (),
}  # fmt: skip
"""Fields that a sentence deliberately does not show."""


def number(value: Decimal) -> str:
    """A decimal without needless zeros: 2.50 → 2.5."""
    return format(value.normalize(), "f")


def _pick(language: str, zh: str, en: str) -> str:
    return en if language.startswith("en") else zh


def _list(parts: Iterable[str], language: str) -> str:
    return _pick(language, "、", ", ").join(parts)


def rule_sentence(rule: Rule, titles: Titles, language: str) -> str:
    """What is asked ⇒ what is given, with the window and for whom."""
    left = node_text(rule.lhs, titles, language)
    listed = [grant_text(grant, titles, language) for grant in rule.grants]
    joined = {"all": ("，以及", " and "), "any": ("，或", " or ")}.get(rule.offer, ("；", "; "))
    right = _pick(language, *joined).join(listed)
    if rule.offer == "n_of":
        right = _pick(language, f"以下任 {rule.offer_k} 项：{right}", f"{rule.offer_k} of: {right}")
    clauses = [f"{left} ⇒ {right}", *_flags(rule, language), *_window(rule, language), *_scope(rule, language)]
    return _pick(language, "；", "; ").join(clauses) + _pick(language, "。", ".")


def _flags(rule: Rule, language: str) -> Iterable[str]:
    if rule.all_or_nothing:
        yield _pick(language, "全部授予或都不授予", "all of it or nothing")
    if rule.consume == "splittable":
        yield _pick(language, "可只使用部分学分", "only as many credits as needed are used up")
    if rule.since:
        yield _pick(language, f"自 {rule.since} 起待定", f"pending since {rule.since}")


def _window(rule: Rule, language: str) -> Iterable[str]:
    kind, first, last = word(rule.window_date, language), _day(rule.window_from), _day(rule.window_to)
    if rule.window_from or rule.window_to:
        yield _pick(language, f"{kind} {first} 至 {last}", f"{kind} {first} – {last}")
    elif rule.window_date != "earned":  # the agreement's window is then asked about that day
        yield _pick(language, f"以{kind}为准", f"as of the {kind}")


def _day(day: date | None) -> str:
    return day.isoformat() if day else "…"


def _scope(rule: Rule, language: str) -> Iterable[str]:
    """For whom it holds, where that is not everybody."""
    for (zh, en), values in (
        (("培养方案", "programme"), rule.programmes),
        (("专业领域", "field"), rule.fields),
        (("年级", "cohort"), rule.cohorts),
    ):
        if values:
            yield _pick(language, f"仅限{zh} {_list(sorted(values), language)}", f"only for {en} {_list(sorted(values), language)}")
    if rule.not_fields:
        refused = _list(sorted(rule.not_fields), language)
        yield _pick(language, f"不适用于专业领域 {refused}", f"not for field {refused}")
    conditions = [f"{name} = {value}" for name, value in rule.learner] + [f"{name} ≠ {value}" for name, value in rule.not_learner]
    if conditions:
        yield _pick(language, f"仅限学习者 {'、'.join(conditions)}", f"only for learners with {', '.join(conditions)}")


def node_text(node: Node, titles: Titles, language: str, *, inside: bool = False) -> str:
    """A left side in words; a part inside another stands in brackets where it is more than one leaf."""
    text = _node(node, titles, language)
    if node.same_issuer:
        text += _pick(language, "（同一机构）", " (from one institution)")
    if node.same_award:
        text += _pick(language, "（同一学历或证书）", " (parts of one award)")
    return _pick(language, f"（{text}）", f"({text})") if inside and node.kind not in {"leaf", "not"} else text


def _node(node: Node, titles: Titles, language: str) -> str:
    if node.kind == "leaf" and node.leaf is not None:
        return leaf_text(node.leaf, titles, language)
    parts = [node_text(child, titles, language, inside=True) for child in node.children]
    if node.kind == "not":
        return _pick(language, "未取得", "without ") + _list(parts, language)
    if node.kind == "any":
        return _pick(language, "，或", " or ").join(parts)
    listed = _list(parts, language)
    if node.kind == "n_of":
        return _pick(language, f"以下任 {node.k} 项：{listed}", f"{node.k} of: {listed}")
    if node.kind == "credits_of":
        least = number(node.credits or Decimal(0))
        return _pick(language, f"以下合计至少 {least} 学分：{listed}", f"at least {least} credits of: {listed}")
    return _pick(language, "，加上", " and ").join(parts)


def leaf_text(leaf: Leaf, titles: Titles, language: str) -> str:
    """One leaf in words: what it is about, then its conditions."""
    conditions, about = _conditions(leaf, language), _about(leaf, titles, language)
    if not conditions:
        return about
    return _pick(language, f"{about}（{'，'.join(conditions)}）", f"{about} ({', '.join(conditions)})")


def _about(leaf: Leaf, titles: Titles, language: str) -> str:
    named = [_title(leaf.outcome, titles, language)] if leaf.outcome else []
    if leaf.common_id:
        named.append(_pick(language, "通用编号 ", "common id ") + leaf.common_id)
    if leaf.dup_class:
        named.append(_pick(language, "同类成果 ", "class ") + leaf.dup_class)
    words = [word(part, language) for part in (leaf.category, leaf.source_type) if part]
    if leaf.subject:
        words.append(_pick(language, f"学科 {leaf.subject}", f"subject {leaf.subject}") if named else leaf.subject)
    if not named:
        what = _pick(language, "、", " ").join(words)
        named, words = [_pick(language, f"任一{what or '学习成果'}", f"any {what or 'outcome'}")], []
    at = _pick(language, f"（{leaf.issuer}）", f" from {leaf.issuer}") if leaf.issuer else ""
    unit = _pick(language, f"（以 {leaf.system} 计）", f" in {leaf.system}") if leaf.system else ""
    return _pick(language, "、", ", ").join([*named, *words]) + at + unit


BOUNDS: tuple[tuple[str, str, str], ...] = (
    ("min_grade", "成绩等级 ≥ {}", "grade ≥ {}"),
    ("max_grade", "成绩等级 ≤ {}", "grade ≤ {}"),
    ("min_score", "成绩 ≥ {}", "score ≥ {}"),
    ("max_score", "成绩 ≤ {}", "score ≤ {}"),
    ("min_attendance", "出勤 ≥ {}%", "attendance ≥ {}%"),
    ("min_credits", "学分 ≥ {}", "credits ≥ {}"),
    ("min_hours", "学时 ≥ {}", "hours ≥ {}"),
    ("min_level", "等级 ≥ {}", "level ≥ {}"),
    ("max_age_months", "取得后 {} 个月内", "within {} months"),
)


def _conditions(leaf: Leaf, language: str) -> list[str]:
    texts = []
    for name, zh, en in BOUNDS:
        value = getattr(leaf, name)
        if value is not None and value != "":
            if name == "min_level" and leaf.framework:
                value = f"{leaf.framework} {value}"
            texts.append(_pick(language, zh, en).format(number(value) if isinstance(value, Decimal) else value))
    if leaf.age_at == "applied":
        texts.append(_pick(language, "以申请日计", "on the day of application"))
    if leaf.valid_on_review:
        texts.append(_pick(language, "审核当日有效", "valid on the day of review"))
    if TRUST_RANK[leaf.trust] > TRUST_RANK[USUAL_TRUST]:  # what every rule takes for granted is not said
        texts.append(word(leaf.trust, language))
    return texts


def grant_text(grant: Grant, titles: Titles, language: str) -> str:
    """What a grant gives, in words."""
    about = grant.outcome
    if about and grant.kind != "waiver":  # a waiver names a node of the programme
        about = _list((_title(code, titles, language) for code in grant.outcome.split(";")), language)
    if grant.subject:
        about = _list([*([about] if about else []), grant.subject], language)
    if grant.level is not None:
        about += _pick(language, f"（等级 {grant.level}）", f" (level {grant.level})")
    text = _pick(language, *(KINDS if about else BARE)[grant.kind]).format(about)
    amount = _amount_text(grant, language)
    said = [text, *([amount] if amount else []), *_grade_text(grant, language)]
    return _pick(language, "，", ", ").join(said)


KINDS = {
    "course": ("{}", "{}"),
    "unassigned": ("{} 的不指定课程", "{} without a course"),
    "elective": ("选修学分（{}）", "elective credit ({})"),
    "block": ("整块学分 {}", "a block {}"),
    "exemption": ("免修{}", "exemption from {}"),
    "waiver": ("视为完成“{}”", "“{}” counts as done"),
    "subject_only": ("{}只计科目", "{} as a subject only"),
    "deny": ("不予认定：{}", "not recognised: {}"),
    "pending": ("尚在研究：{}", "still being examined: {}"),
}
BARE = {
    **KINDS, "elective": ("选修学分", "elective credit"), "deny": ("不予认定", "not recognised"), "pending": ("尚在研究", "still being examined"),
}  # fmt: skip
"""Where a grant names neither outcome nor subject."""
MOVES_NOTHING = frozenset({"deny", "pending", "waiver"})


def _amount_text(grant: Grant, language: str) -> str:
    if grant.credits == "fixed":
        silent = not grant.amount and grant.kind not in {"course", "unassigned", "elective", "block"}
        return "" if silent or grant.kind in MOVES_NOTHING else _pick(language, "{} 学分", "{} credits").format(number(grant.amount))
    if grant.credits == "catalogue":
        return _pick(language, "按目录学分", "the credits of the catalogue")
    if grant.credits == "steps":
        listed = _list((f"{number(score)}→{number(amount)}" for score, amount in grant.steps), language)
        return _pick(language, f"按成绩计学分 {listed}", f"credits by score {listed}")
    most = "" if grant.max_amount is None else _pick(language, "，至多 {}", ", at most {}").format(number(grant.max_amount))
    return _pick(language, "按比率折算的学分", "credits at the rate between the units") + most


def _grade_text(grant: Grant, language: str) -> Iterable[str]:
    """What becomes of the grade, and notes."""
    known = {"keep": ("保留成绩", "grade kept"), "pass": ("记为通过", "graded as a pass"), "none": ("不记成绩", "without a grade"),
             "map": ("成绩按对照表换算", "the grade on the receiving scale")}  # fmt: skip
    if grant.grade in known:
        yield _pick(language, *known[grant.grade])
    elif grant.grade:
        yield _pick(language, f"成绩换算 {grant.grade}", f"graded by {grant.grade}")
    if not grant.in_gpa:
        yield _pick(language, "不计入绩点", "not in the GPA")
    if grant.effects:
        yield _pick(language, f"另注：{grant.effects}", f"note: {grant.effects}")


def _title(outcome: str, titles: Titles, language: str) -> str:
    zh, en = titles.get(outcome, (outcome, outcome))
    return _pick(language, f"《{zh or en}》", f"“{en or zh}”")


MEASURES = {
    "credits": ("学分", "credits"),
    "records": ("项成果", "records"),
    "grants": ("门", "grants"),
    "gpa": ("平均绩点", "grade point average"),
}
WHOLES = {
    "programme": ("方案总学分", "the programme's total"), "major": ("专业学分", "the major's credits"),
    "degree": ("学位学分", "the degree's credits"), "recognised": ("已认定学分", "everything recognised"),
}  # fmt: skip
PERIODS = {
    "none": ("", ""), "year": ("每年", " a year"), "term": ("每学期", " a term"), "institution": ("每个机构", " per institution"),
    "subject": ("每个学科", " per subject"), "target": ("每个目标", " per target"),
}  # fmt: skip
OVERFLOWS = {
    "reject_whole": ("", ""),
    "truncate": ("超出部分不计", "what exceeds is cut"),
    "subject_only": ("超出部分只计科目", "what exceeds counts as a subject only"),
    "to_elective": ("超出的转为选修", "what exceeds becomes elective"),
}


def limit_sentence(limit: Limit, language: str) -> str:
    """A limit in words."""
    what = _chosen(limit.selector, language) or _pick(language, "全部成果", "everything")
    if limit.exempt:
        exempt = _chosen(limit.exempt, language)
        what += _pick(language, f"（{exempt}除外）", f" except {exempt}")
    unit = _pick(language, *MEASURES[limit.measure])
    if limit.share is not None:
        whole = _pick(language, *WHOLES.get(limit.share_of, (limit.share_of, limit.share_of)))
        part = f"{limit.share.numerator}/{limit.share.denominator}"
        bound = _pick(language, f"{whole}的 {part}（{unit}）", f" {part} of {whole} ({unit})")
    else:
        bound = f" {number(limit.bound or Decimal(0))} {unit}"
    zh, en = PERIODS[limit.per]
    at = _pick(language, ("至少" if limit.op == ">=" else "至多"), ("at least" if limit.op == ">=" else "at most"))
    clauses = [_pick(language, f"{what}：{zh}{at}{bound}", f"{what}: {at}{bound}{en}"), *_limit_flags(limit, language)]
    return _pick(language, "；", "; ").join(clauses) + _pick(language, "。", ".")


PROPERTIES = {
    "subject": ("学科 ", "subject "), "institution": ("机构 ", "institution "), "kind": ("授予方式 ", "given as "), "trust": ("可信级别 ", "trust "),
    "level": ("等级 ", "level "),
}  # fmt: skip
"""How a property is named before its value; source type and category speak for themselves."""


def _chosen(pairs: Iterable[tuple[str, tuple[str, ...]]], language: str) -> str:
    listed = (
        _pick(language, *PROPERTIES.get(name, ("", ""))) + _pick(language, "或", " or ").join(word(value, language) for value in values)
        for name, values in pairs
    )
    return _pick(language, "且", " and ").join(listed)


def _limit_flags(limit: Limit, language: str) -> Iterable[str]:
    if limit.last_n is not None:
        yield _pick(language, f"只看最后 {number(limit.last_n)} 学分", f"among the last {number(limit.last_n)} credits")
    if limit.calendar:
        yield _pick(language, f"按校历 {limit.calendar}", f"by the calendar {limit.calendar}")
    if limit.year_start != (1, 1):
        month, day = limit.year_start
        yield _pick(language, f"年度自 {month:02}-{day:02} 起", f"years from {month:02}-{day:02}")
    overflow = _pick(language, *OVERFLOWS[limit.overflow])
    if overflow:
        yield overflow
    if limit.group:
        any_of = limit.group_op == "any"
        yield _pick(
            language, f"{limit.group} 中{'任一' if any_of else '全部'}须成立", f"{'any' if any_of else 'all'} of {limit.group} must hold"
        )
    if limit.owner != "bank":
        yield _pick(language, f"由 {limit.owner} 规定", f"set by {limit.owner}")
