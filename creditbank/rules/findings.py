"""Findings of lint: code, severity, words in both languages, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

TEXTS: dict[str, tuple[str, str]] = {
    "L01": ("规则重复：{ids}", "duplicate rules: {ids}"),
    "L02": ("规则有歧义：{ids} 对同一成果给出不同结果", "ambiguous: {ids} give different things for the same outcome"),
    "L03": ("凭空产生学分：来源 {source}，授予 {granted}，多出 {created}", "creates credit: {source} in, {granted} out, {created} created"),
    "L06": ("规则永远不会生效：{why}", "the rule can never match: {why}"),
    "L07": ("循环折算会使学分增加：{cycle}，乘积 {product}", "credit grows around {cycle}: product {product}"),
    "L08": ("成绩区间有空隙：{gap}", "a gap between score ranges: {gap}"),
    "L09": ("分档不递增：{steps}", "steps do not rise: {steps}"),
    "L10": ("引用了不存在的内容：{what}", "refers to something that does not exist: {what}"),
    "L11": ("等级 {grade} 没有对应的成绩等级表（{outcome}）", "grade {grade} has no scale ({outcome})"),
    "L13": ("数值不在学分步长上：{amount}", "an amount off the step of its unit: {amount}"),
    "L14": ("部分条件（{part}）比全部条件（{full}）给得更多", "{part} gives more for less than {full}"),
    "L15": ("没有可被否定的规则", "nothing that this denial could strike"),
    "L17": ("限额矛盾：{why}", "limits contradict: {why}"),
    "L18": ("超出部分无处可放：没有选修要求", "what exceeds has no elective leaf to go to"),
    "L19": ("要求永远无法满足：{what}", "a requirement that nothing can fill: {what}"),
    "L20": ("规则的有效期超出协议：{window}", "the rule's window exceeds its agreement's: {window}"),
    "L22": ("说明缺少一种语言", "the reason lacks one language"),
    "L25": ("新增成果可能降低结果：{why}", "more records may lower the result: {why}"),
}
REMEDIES: dict[str, tuple[str, str]] = {
    "L01": ("保留一条，停用其余。", "Keep one and end the others."),
    "L02": ("为其中一条设定更高的优先级，或分开成绩区间。", "Give one a smaller priority number, or separate the ranges."),
    "L03": ("降低授予的学分，或改用折算比率。", "Lower what is given, or use a rate."),
    "L06": ("更正条件或日期。", "Correct the condition or the dates."),
    "L07": ("更正其中一个比率，使乘积不超过 1。", "Correct one of the rates so that the product is at most 1."),
    "L08": ("补上缺少的区间，或说明为何留空。", "Add the missing range, or say why it is left out."),
    "L09": ("按分数从低到高排列，学分不得下降。", "List the steps by rising score, with credit that never falls."),
    "L10": ("先在目录中登记，或更正代码。", "Register it in the catalogue, or correct the code."),
    "L11": ("登记该机构的成绩等级表，或改用分数。", "Register the institution's grades, or use a score."),
    "L13": ("改为步长的整数倍。", "Use a multiple of the step."),
    "L14": ("降低部分条件的学分。", "Lower what the smaller set gives."),
    "L15": ("删除，或更正所否定的成果。", "Remove it, or correct what it denies."),
    "L17": ("更正上限或下限。", "Correct the maximum or the minimum."),
    "L18": ("在培养方案中加入选修要求，或更换处理方式。", "Add an elective leaf, or choose another overflow."),
    "L19": ("增加规则，或更正要求。", "Add a rule, or correct the requirement."),
    "L20": ("把规则的有效期放进协议之内。", "Keep the rule within its agreement's dates."),
    "L22": ("补上另一种语言。", "Write it in the other language too."),
    "L25": ("确认这是有意为之。", "Make sure that this is meant."),
}
SEVERITY = {
    "L01": "W", "L02": "W", "L03": "W", "L06": "W", "L07": "E", "L08": "W", "L09": "W", "L10": "E", "L11": "E", "L13": "E", "L14": "W", "L15": "W",
    "L17": "E", "L18": "W", "L19": "E", "L20": "E", "L22": "W", "L25": "I",
}  # fmt: skip


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


@dataclass(frozen=True)
class Finding:
    """One finding: code, rules or limits concerned, the values that show it, and a severity that differs from the code's own."""

    code: str
    ids: tuple[str, ...]
    data: tuple[tuple[str, str], ...] = ()
    grade: str = ""

    @property
    def severity(self) -> str:
        return self.grade or SEVERITY[self.code]

    def text(self, language: str) -> str:
        """The finding in words."""
        return TEXTS[self.code][_column(language)].format_map(_Dash({"ids": ", ".join(self.ids), **dict(self.data)}))

    def remedy(self, language: str) -> str:
        """What to do about it."""
        return REMEDIES[self.code][_column(language)]


def _column(language: str) -> int:
    return 1 if language.startswith("en") else 0
