"""Words for reasons: code → Chinese and English, used in pages and letters alike. No free text comes from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: dict[str, tuple[str, str]] = {
    "not_available": ("已被另一份申请占用或暂不可用", "reserved by another application, or not available at present"),
    "already_used": ("已经认定过，不能再次使用", "already recognised once; it cannot be used again"),
    "expired": ("已于 {valid_until} 到期", "expired on {valid_until}"),
    "not_eligible": (
        "目前不符合使用条件：{condition} 须为 {needs}，实际 {has}",
        "a condition is not met at present: {condition} must be {needs}; found {has}",
    ),
    "no_rule": ("目前没有规则承认这项成果", "no rule recognises this outcome at present"),
    "out_of_scope": ("规则 {rule} 不适用于这个培养方案", "rule {rule} does not apply to this programme"),
    "not_convertible": ("{from}不能转换为{to}", "{from} cannot be converted into {to}"),
    "outside_window": (
        "规则 {rule} 只承认 {from} 至 {to} 之间取得的成果，这项是 {date}",
        "rule {rule} holds from {from} to {to}; this dates from {date}",
    ),
    "rule_failed": ("规则 {rule} 的条件未满足：{field}要求 {needs}，实际 {has}", "rule {rule} asks for {field} {needs}; found {has}"),
    "too_old": ("规则 {rule} 要求不晚于 {needs} 使用", "rule {rule}: it had to be used by {needs}"),
    "evidence_missing": ("规则 {rule} 还缺材料：{item}（须在 {due} 前提交）", "rule {rule} still needs evidence: {item} (due {due})"),
    "denied": ("规则 {by_rule} 明确不予认定", "rule {by_rule} excludes it explicitly"),
    "pending": ("规则 {rule} 尚在研究中（自 {since} 起）", "rule {rule} has been pending since {since}"),
    "shadowed": ("另一条规则 {by_rule} 优先", "rule {by_rule} comes first"),
    "duplicate_of": ("与另一条记录属于同一课程，只计一次", "the same course as another record; it counts once"),
    "limit_full": (
        "限额 {limit} 已满：上限 {bound}，已用 {used}，这项需要 {amount}",
        "limit {limit} is full: at most {bound}, used {used}, this would need {amount}",
    ),
    "truncated": ("因限额 {limit} 只计入 {posted}", "limit {limit}: only {posted} counted"),
    "subject_only": ("因限额 {limit} 只计科目，不计学分", "limit {limit}: counts as the subject, without credit"),
    "dominated": ("同一记录用于规则 {by_rule} 更有利", "rule {by_rule} makes better use of the same records"),
    "not_needed": ("培养方案中没有还需要它的要求", "no requirement of the programme still needs it"),
    "no_rate": ("{from} 与 {to} 之间没有折算比率", "there is no rate between {from} and {to}"),
    "too_many_matches": ("规则 {rule} 的组合太多，已转人工审核", "rule {rule} has too many combinations; a person will look at it"),
}

FIELD_REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("rule_failed", "forbidden_record"): (
        "规则 {rule} 不适用于已取得 {has} 的学习者",
        "rule {rule} does not hold for somebody who already has {has}",
    ),
    ("rule_failed", "k_of_n"): (
        "规则 {rule} 要求列出的成果中的 {needs} 项，现有 {has} 项",
        "rule {rule} asks for {needs} of those listed; there are {has}",
    ),
    ("outside_window", "agreement"): (
        "规则 {rule} 依据的协议 {agreement} 没有生效",
        "the agreement {agreement} behind rule {rule} is not in force",
    ),
    ("rule_failed", "missing_record"): ("规则 {rule} 还要求具备：{needs}", "rule {rule} also asks for: {needs}"),
}
"""Conditions that are not a value compared with a bound need a sentence of their own."""

FIELDS: dict[str, tuple[str, str]] = {
    "grade": ("等级成绩", "a grade of at least"),
    "grade_max": ("等级成绩上限", "a grade of at most"),
    "amount": ("学分步长", "an amount on the step"),
    "score": ("成绩", "a score of at least"),
    "score_max": ("成绩上限", "a score of at most"),
    "attendance": ("出勤率", "attendance of at least"),
    "credits": ("学分", "credits of at least"),
    "hours": ("学时", "hours of at least"),
    "level": ("等级", "level"),
    "trust": ("可信级别", "trust level"),
    "issuer": ("颁发机构", "institution"),
    "validity": ("有效期", "validity until"),
    "k_of_n": ("项数", "so many of those listed:"),
    "missing_record": ("另需的成果", "also the outcomes"),
    "forbidden_record": ("不得已有的成果", "without the outcomes"),
    "age": ("取得时间", "use before"),
}

VALUES: dict[str, tuple[str, str]] = {
    "academic": ("学历学分", "academic credit"),
    "vocational": ("职业学分", "vocational credit"),
    "culture_leisure": ("文化学分", "culture and leisure credit"),
    "self": ("本人申报", "declared by the learner"),
    "verified": ("已核实", "verified"),
    "institution": ("机构确认", "confirmed by the institution"),
    "course": ("课程", "course"),
    "certificate": ("证书", "certificate"),
    "mooc": ("在线课程", "online course"),
    "exam": ("考试", "examination"),
    "prior_award": ("学历", "earlier award"),
    "work": ("工作经历", "work"),
    "portfolio": ("作品集", "portfolio"),
    "competition": ("竞赛", "competition"),
    "volunteering": ("志愿服务", "volunteering"),
    "unassigned": ("不指定课程的学分", "credit without a course"),
    "elective": ("选修学分", "elective credit"),
    "block": ("整块学分", "a block of credit"),
    "exemption": ("免修", "exemption"),
    "waiver": ("免除要求", "waiver"),
    "earned": ("取得日期", "date of earning"),
    "applied": ("申请日期", "date of application"),
    "admitted": ("入学日期", "date of admission"),
    "cohort": ("年级", "cohort"),
}


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


def reason_text(code: str, data: Mapping[str, str], language: str, *, rule: str = "") -> str:
    """One reason in words. ``language`` is zh-hans or en; values with a word of their own are shown by it."""
    column = 1 if language.startswith("en") else 0
    words = {name: word(value, language) for name, value in data.items()}
    if "field" in data:
        words["field"] = FIELDS.get(data["field"], (data["field"], data["field"]))[column]
    template = FIELD_REASONS.get((code, data.get("field", "")), REASONS[code])
    return template[column].format_map(_Dash({"rule": rule, **words}))


def word(value: str, language: str) -> str:
    """The word of a coded value, or the value itself."""
    return VALUES.get(value, (value, value))[1 if language.startswith("en") else 0]
