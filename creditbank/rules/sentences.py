"""A rule as one canonical sentence, in both languages: two rules with one sentence are duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from creditbank.rules.messages import word
from creditbank.rules.types import Grant, Leaf, Limit, Node, Rule

Titles = Mapping[str, tuple[str, str]]
"""Outcome code → (Chinese title, English title)."""


def number(value: Decimal) -> str:
    """A decimal without needless zeros: 2.50 → 2.5."""
    return format(value.normalize(), "f")


def rule_sentence(rule: Rule, titles: Titles, language: str) -> str:
    """What is asked ⇒ what is given, with the window."""
    english = language.startswith("en")
    left = node_text(rule.lhs, titles, language)
    listed = [grant_text(grant, titles, language) for grant in rule.grants]
    right = {"all": " and " if english else "，以及", "any": " or " if english else "，或"}.get(rule.offer, "; " if english else "；").join(
        listed
    )
    if rule.offer == "n_of":
        right = f"{rule.offer_k} of: {right}" if english else f"以下任 {rule.offer_k} 项：{right}"
    sentence = f"{left} ⇒ {right}"
    if rule.window_from or rule.window_to:
        first = rule.window_from.isoformat() if rule.window_from else "…"
        last = rule.window_to.isoformat() if rule.window_to else "…"
        kind = word(rule.window_date, language)
        sentence += f"; {kind} {first} – {last}" if english else f"；{kind} {first} 至 {last}"
    sentence += _scope_text(rule, english=english)
    return sentence + ("." if english else "。")


def _scope_text(rule: Rule, *, english: bool) -> str:
    """For whom it holds, where that is not everybody."""
    conditions = [f"{name} = {value}" for name, value in rule.learner] + [f"{name} ≠ {value}" for name, value in rule.not_learner]
    conditions += [*rule.fields, *(f"≠ {one}" for one in rule.not_fields), *rule.cohorts]
    if not conditions:
        return ""
    return f"; only for {', '.join(conditions)}" if english else f"；仅限 {'、'.join(conditions)}"


def node_text(node: Node, titles: Titles, language: str) -> str:
    """A left side in words."""
    english = language.startswith("en")
    if node.kind == "leaf" and node.leaf is not None:
        return leaf_text(node.leaf, titles, language)
    parts = [node_text(child, titles, language) for child in node.children]
    if node.kind == "not":
        return ("without " if english else "且未取得 ") + parts[0]
    if node.kind == "any":
        return (" or " if english else "，或").join(parts)
    if node.kind == "n_of":
        listed = (", " if english else "、").join(parts)
        return f"{node.k} of: {listed}" if english else f"以下任 {node.k} 项：{listed}"
    if node.kind == "credits_of":
        listed = (", " if english else "、").join(parts)
        least = number(node.credits or Decimal(0))
        return f"at least {least} credits of: {listed}" if english else f"以下合计至少 {least} 学分：{listed}"
    return (" and " if english else "，加上").join(parts)


def leaf_text(leaf: Leaf, titles: Titles, language: str) -> str:
    """One leaf in words: what it is about, then its conditions."""
    english = language.startswith("en")
    conditions = _conditions(leaf, english=english)
    about = _about(leaf, titles, language)
    if not conditions:
        return about
    return f"{about} ({', '.join(conditions)})" if english else f"{about}（{'，'.join(conditions)}）"


def _about(leaf: Leaf, titles: Titles, language: str) -> str:
    english = language.startswith("en")
    if leaf.outcome or leaf.common_id or leaf.dup_class:
        return _title(leaf.outcome or leaf.common_id or leaf.dup_class, titles, language)
    words = [word(part, language) for part in (leaf.category, leaf.source_type) if part] + [leaf.subject] * bool(leaf.subject)
    named = " ".join(words) if english else "、".join(words)
    at = (f" from {leaf.issuer}" if english else f"（{leaf.issuer}）") if leaf.issuer else ""
    return (f"any {named or 'outcome'}" if english else f"任一{named or '学习成果'}") + at


def _conditions(leaf: Leaf, *, english: bool) -> list[str]:
    texts = [
        (en if english else zh).format(value)
        for value, zh, en in ((leaf.min_grade, "等级 ≥ {}", "grade ≥ {}"), (leaf.max_grade, "等级 ≤ {}", "grade ≤ {}"))
        if value
    ]
    for value, zh, en in (
        (leaf.min_score, "成绩 ≥ {}", "score ≥ {}"),
        (leaf.max_score, "成绩 ≤ {}", "score ≤ {}"),
        (leaf.min_attendance, "出勤 ≥ {}%", "attendance ≥ {}%"),
        (leaf.min_credits, "学分 ≥ {}", "credits ≥ {}"),
        (leaf.min_hours, "学时 ≥ {}", "hours ≥ {}"),
    ):
        if value is not None:
            texts.append((en if english else zh).format(number(value)))
    if leaf.min_level is not None:
        texts.append(f"level ≥ {leaf.min_level}" if english else f"等级 ≥ {leaf.min_level}")
    if leaf.max_age_months is not None:
        texts.append(f"within {leaf.max_age_months} months" if english else f"取得后 {leaf.max_age_months} 个月内")
    if leaf.valid_on_review:
        texts.append("valid on the day of review" if english else "审核当日有效")
    if leaf.trust == "institution":
        texts.append("confirmed by the institution" if english else "机构确认")
    return texts


def grant_text(grant: Grant, titles: Titles, language: str) -> str:
    """What a grant gives, in words."""
    english = language.startswith("en")
    if grant.kind in {"deny", "pending"}:
        refused = {"deny": ("不予认定", "not recognised"), "pending": ("尚在研究", "still being examined")}[grant.kind]
        return refused[1 if english else 0]
    about = (", " if english else "、").join(_title(code, titles, language) for code in grant.outcome.split(";")) if grant.outcome else ""
    if grant.kind in WITHOUT_CREDIT:
        return WITHOUT_CREDIT[grant.kind][1 if english else 0].format(about or grant.subject)
    amount = _amount_text(grant, english=english)
    if grant.kind == "elective":
        return f"{amount} of elective credit" if english else f"{amount}选修学分"
    about = about or grant.subject
    return f"{about}, {amount}" if english else f"{about}，{amount}"


WITHOUT_CREDIT = {
    "exemption": ("免修{}", "exemption from {}"),
    "waiver": ("视为完成“{}”", "“{}” counts as done"),
    "subject_only": ("{}只计科目，不计学分", "{} as a subject, without credit"),
}


def _amount_text(grant: Grant, *, english: bool) -> str:
    if grant.credits == "fixed":
        return f"{number(grant.amount)} credits" if english else f"{number(grant.amount)} 学分"
    if grant.credits == "catalogue":
        return "the credits of the catalogue" if english else "按目录学分"
    if grant.credits == "steps":
        listed = ", ".join(f"{number(score)}→{number(amount)}" for score, amount in grant.steps)
        return f"credits by score {listed}" if english else f"按成绩计学分 {listed}"
    most = (
        "" if grant.max_amount is None else (f", at most {number(grant.max_amount)}" if english else f"，至多 {number(grant.max_amount)}")
    )
    return f"credits at the rate between the units{most}" if english else f"按比率折算的学分{most}"


def _title(outcome: str, titles: Titles, language: str) -> str:
    zh, en = titles.get(outcome, (outcome, outcome))
    return f"“{en or zh}”" if language.startswith("en") else f"《{zh or en}》"


def limit_sentence(limit: Limit, language: str) -> str:
    """A limit in words."""
    english = language.startswith("en")
    chosen = [word(value, language) for _name, values in limit.selector for value in values]
    what = (", ".join(chosen) or "everything") if english else ("、".join(chosen) or "全部成果")
    unit = {"credits": ("学分", "credits"), "records": ("项", "records"), "grants": ("门", "grants")}[limit.measure][1 if english else 0]
    if limit.share is not None:
        bound = f"{limit.share.numerator}/{limit.share.denominator}" + (" of the programme's total" if english else " 的方案总学分")
    else:
        bound = f"{number(limit.bound or Decimal(0))} {unit}"
    per = {
        "year": ("每年", " a year"), "institution": ("每个机构", " per institution"), "term": ("每学期", " a term"), "subject": ("每个学科", " per subject"),
    }.get(limit.per, ("", ""))  # fmt: skip
    if limit.op == ">=":
        return f"{what}: at least {bound}{per[1]}." if english else f"{what}：{per[0]}至少 {bound}。"
    return f"{what}: at most {bound}{per[1]}." if english else f"{what}：{per[0]}至多 {bound}。"
