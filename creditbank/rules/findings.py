"""Findings of lint: code, severity, place, words in both languages, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

TEXTS: dict[str, tuple[str, str]] = {
    "L01": ("规则重复：{ids}", "duplicate rules: {ids}"),
    "L02": ("规则有歧义：{ids} 对同一成果（{source}）给出不同结果", "ambiguous: {ids} give different things for the same outcome ({source})"),
    "L03": ("凭空产生学分：来源 {source}，授予 {granted}，多出 {created}", "creates credit: {source} in, {granted} out, {created} created"),
    "L04": ("来源成果 {outcome} 在规则有效期内没有启用的版本", "{outcome} has no active version inside the rule's window"),
    "L05": ("授予的内容不可用：{what}（{why}）", "what is given cannot be used: {what} ({why})"),
    "L06": ("规则永远不会生效：{why}", "the rule can never match: {why}"),
    "L07": ("循环折算会使学分增加：{cycle}，乘积 {product}", "credit grows around {cycle}: product {product}"),
    "L08": ("成绩或日期区间有空隙：{gap}", "a gap between ranges: {gap}"),
    "L09": ("分档不递增：{steps}", "steps do not rise: {steps}"),
    "L10": ("引用了不存在的内容：{what}", "refers to something that does not exist: {what}"),
    "L11": ("等级 {grade} 没有对应的成绩等级表（{outcome}）", "grade {grade} has no scale ({outcome})"),
    "L12": ("可拆分使用，但 {source} 的一步在 {target} 中是 {ratio} 步", "splittable, but a step of {source} is {ratio} steps of {target}"),
    "L13": ("数值不在学分步长上：{amount}（{unit}）", "an amount off the step of its unit: {amount} ({unit})"),
    "L14": ("部分条件（{part}）比全部条件（{full}）给得更多", "{part} gives more for less than {full}"),
    "L15": ("没有可被否定的规则", "nothing that this denial could strike"),
    "L16": ("限额永远用不到：{why}", "a limit that can never bind: {why}"),
    "L17": ("限额矛盾：{why}", "limits contradict: {why}"),
    "L18": ("超出部分无处可放：{why}", "what exceeds has nowhere to go: {why}"),
    "L19": ("要求永远无法满足：{what}（需要 {need}，最多 {most}）", "a requirement that can never be filled: {what} (needs {need}, at most {most})"),
    "L20": ("规则超出协议：{window}", "the rule exceeds its agreement: {window}"),
    "L21": ("起草人与发布人是同一人", "author and publisher are the same person"),
    "L22": ("说明缺少{language}", "the reason lacks {language}"),
    "L23": ("组合过多：参考档案中估计有 {matches} 种，提醒线 {most}", "too many matches: about {matches} over the reference archive, warned of from {most}"),
    "L24": ("待定已 {days} 天（自 {since} 起）", "pending for {days} days, since {since}"),
    "L25": ("新增成果可能降低结果：{why}", "more records may lower the result: {why}"),
    "L26": ("有效期已于 {last} 结束", "its window ended on {last}"),
    "L27": ("“任一”中的一项已包含在另一项内：{branch} 包含于 {other}", "a branch of ANY is implied by another: {branch} by {other}"),
    "L28": ("授予等级 {level} 低于接收要求的最低等级 {lowest}（{what}）", "level {level} is under the lowest that any accepting leaf asks, {lowest} ({what})"),
}  # fmt: skip
REMEDIES: dict[str, tuple[str, str]] = {
    "L01": ("保留一条，停用其余。", "Keep one and end the others."),
    "L02": ("为其中一条设定更高的优先级，或分开成绩区间。", "Give one a smaller priority number, or separate the ranges."),
    "L03": ("降低授予的学分，或改用折算比率。", "Lower what is given, or use a rate."),
    "L04": ("更正规则的有效期，或登记该成果的新版本。", "Correct the rule's window, or register a version of the outcome for it."),
    "L05": ("改为仍在使用、且方案中列有的内容。", "Give something that is in use and stands in a programme in scope."),
    "L06": ("更正条件或日期；若不再需要，停用它。", "Correct the condition or the dates; end the rule if it is no longer needed."),
    "L07": ("更正其中一个比率，使乘积不超过 1。", "Correct one of the rates so that the product is at most 1."),
    "L08": ("补上缺少的区间，或说明为何留空。", "Add the missing range, or say why it is left out."),
    "L09": ("按分数从低到高排列，学分不得下降。", "List the steps by rising score, with credit that never falls."),
    "L10": ("先登记，或更正代码。", "Register it, or correct the code."),
    "L11": ("登记该机构的成绩等级表，或改用分数。", "Register the institution's grades, or use a score."),
    "L12": ("改为整条使用，或调整比率与步长。", "Use whole records, or change the rate or the step."),
    "L13": ("改为步长的整数倍。", "Use a multiple of the step."),
    "L14": ("降低部分条件的学分。", "Lower what the smaller set gives."),
    "L15": ("删除，或更正所否定的成果。", "Remove it, or correct what it denies."),
    "L16": ("删除，或降低上限。", "Remove it, or lower the bound."),
    "L17": ("更正上限或下限。", "Correct the maximum or the minimum."),
    "L18": ("在培养方案中加入选修要求，或更换处理方式。", "Add an elective leaf, or choose another overflow."),
    "L19": ("放宽要求，或扩大可接受的成果。", "Lower the need, or let the requirement accept more."),
    "L20": (
        "把规则放进协议的有效期之内；协议须先签署。",
        "Keep the rule within its agreement's dates; the agreement must be signed first.",
    ),
    "L21": ("请另一位工作人员发布。", "Have another person publish it."),
    "L22": ("补上另一种语言。", "Write it in the other language too."),
    "L23": ("收窄条件，或改用“任 N 项”“合计学分”。", "Narrow the conditions, or count with n-of or credits-of."),
    "L24": ("作出决定，或更新待定日期。", "Decide it, or renew the date."),
    "L25": ("确认这是有意为之。", "Make sure that this is meant."),
    "L26": ("停用或延长。", "End or extend it."),
    "L27": ("删去多余的一项。", "Remove the branch that adds nothing."),
    "L28": ("更正等级，或更换授予的内容。", "Correct the level, or give something else."),
}
SEVERITY = {
    "L01": "W", "L02": "W", "L03": "W", "L04": "W", "L05": "E", "L06": "W", "L07": "E", "L08": "W", "L09": "W", "L10": "E", "L11": "E", "L12": "E",
    "L13": "E", "L14": "W", "L15": "W", "L16": "I", "L17": "E", "L18": "W", "L19": "E", "L20": "E", "L21": "E", "L22": "W", "L23": "W", "L24": "W",
    "L25": "I", "L26": "I", "L27": "I", "L28": "W",
}  # fmt: skip
PLACES: dict[str, tuple[str, str]] = {
    "from": ("条件", "condition"), "to": ("授予", "grant"), "window": ("有效期", "window"), "reason": ("说明", "reason"), "agreement": ("协议", "agreement"),
    "scope": ("适用范围", "scope"), "rates": ("折算比率", "rates"), "limit": ("限额", "limit"), "programme": ("培养方案", "programme"), "rule": ("规则", "rule"),
    "signatures": ("签署", "signatures"),
}  # fmt: skip
WORDS: dict[str, tuple[str, str]] = {
    "inactive": ("已停用", "not active"), "no_programme": ("适用的方案中都没有", "in no programme in scope"), "no_node": ("方案中没有这个要求", "no such requirement in scope"),
    "zh": ("中文", "Chinese"), "en": ("英文", "English"), "no_elective": ("没有选修要求", "no elective leaf"), "both_elective": ("两个限额都转为选修", "both limits make it elective"),
    "unsigned": ("协议尚未签署", "the agreement is not signed"), "suspended": ("协议已中止", "the agreement is suspended"), "ended": ("协议已结束", "the agreement has ended"),
    "uncovered": ("没有规则涉及", "no rule falls under it"), "unknown": ("任一单位", "any unit"), "unchecked": ("循环过多，未能查完", "too many cycles to check"),
}  # fmt: skip
"""Values of findings that are words, not ids or numbers."""


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


@dataclass(frozen=True)
class Finding:
    """One finding: code, rules or limits concerned, the values that show it, a severity that differs from the code's own, and the place.

    ``place`` says where in the first of ``ids``: ``from 1.2`` (a node of the left side), ``to 1`` (a grant), ``window``, ``limit`` and so on.
    """

    code: str
    ids: tuple[str, ...]
    data: tuple[tuple[str, str], ...] = ()
    grade: str = ""
    place: str = ""

    @property
    def severity(self) -> str:
        return self.grade or SEVERITY[self.code]

    def text(self, language: str) -> str:
        """The finding in words."""
        column = _column(language)
        data = {name: WORDS.get(value, (value, value))[column] for name, value in self.data}
        return TEXTS[self.code][column].format_map(_Dash({"ids": ", ".join(self.ids), **data}))

    def where(self, language: str) -> str:
        """The place in words; empty where the whole rule is meant."""
        kind, _space, path = self.place.partition(" ")
        return f"{PLACES.get(kind, (kind, kind))[_column(language)]} {path}".strip()

    def remedy(self, language: str) -> str:
        """What to do about it."""
        return REMEDIES[self.code][_column(language)]


def _column(language: str) -> int:
    return 1 if language.startswith("en") else 0
