"""Who one can be in the demo city. Nobody is real; numbers cannot be dialled and addresses lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "jianglan-demo"  # noqa: S105  printed on every demo's screen; production refuses to start while such an account exists


@dataclass(frozen=True)
class DemoPerson:
    """A login of the demo: what the person can do, in both languages, and where the visit begins."""

    email: str
    name: str
    does_zh: str
    does_en: str
    starts_at: str
    roles: tuple[tuple[str, str], ...] = ()
    phone: str | None = None
    elder_mode: bool = False


def _person(
    key: str, name: str, zh: str, en: str, starts_at: str, *roles: tuple[str, str], phone: str | None = None, elder: bool = False
) -> DemoPerson:
    return DemoPerson(f"{key}@demo.example", name, zh, en, starts_at, roles, phone, elder)


DEMO_PEOPLE = (
    _person("lin", "林晓雯", "学习者：重返学习的护理员，有两年记录和学分", "learner: a carer who returned to study, with two years of records", "/my/", ("learner", "JLOU"), phone="+8610000000001"),
    _person("wang", "王桂兰", "老年学习者：长辈版", "learner of 70, in elder mode", "/", ("learner", "YQE"), phone="+8610000000002", elder=True),
    _person("chen", "陈思远", "17 岁中职学生", "vocational student of 17", "/my/", ("learner", "JLSV"), phone="+8610000000003"),
    _person("du", "杜秉文", "80 岁学习者：老年大学与社区课程，有证书", "learner of 80 with a certificate from his neighbourhood", "/my/credits/", ("learner", "YQE"), phone="+8610000000004", elder=True),
    _person("zhao", "赵明", "编辑：江澜卫生职业学院", "editor at the health college", "/library/", ("editor", "JLHV")),
    _person("sun", "孙立", "审批：江澜卫生职业学院", "approver at the health college", "/library/", ("school_approver", "JLHV")),
    _person("qian", "钱玥", "资源库审核人", "library reviewer", "/library/", ("library_reviewer", "JLNU")),
    _person("wu", "吴芳", "第二所学校的编辑：浦湾区社区学院", "editor of a second school", "/library/", ("editor", "PWC")),
    _person("zheng", "郑涛", "教师：江澜开放大学", "instructor at the open university", "/teach/", ("instructor", "JLOU")),
    _person("feng", "冯喆", "学校管理员：江澜开放大学", "school administrator at the open university", "/institutions/JLOU/members/", ("school_administrator", "JLOU")),
    _person("zhou", "周敏仪", "学分专员：江澜开放大学", "credit officer at the open university", "/desk/", ("credit_officer", "JLOU")),
    _person("he", "贺知远", "复核人：江澜开放大学", "reviewer (second person)", "/desk/", ("reviewer", "JLOU")),
    _person("xu", "许堃", "规则起草人：江澜开放大学", "author of rules", "/desk/rulebooks/", ("credit_officer", "JLOU")),
    _person("ma", "马晓琳", "规则发布人：江澜开放大学", "publisher of rules", "/desk/rulebooks/", ("reviewer", "JLOU")),
    _person("luo", "罗志强", "学科专家：江澜开放大学", "subject expert at the open university", "/desk/", ("expert", "JLOU")),
    _person("tang", "唐雅琴", "第二所院校的学分专员：江澜机电职业学院", "credit officer of a second institution", "/desk/", ("credit_officer", "JLMV")),
    _person("shen", "沈国栋", "第二所院校的复核人：江澜机电职业学院", "reviewer of the second institution", "/desk/", ("reviewer", "JLMV")),
    _person("gao", "高文静", "审计员", "auditor", "/desk/", ("auditor", "JLOU")),
    _person("ops", "邓海", "平台运营", "platform operator", "/ops/institutions/", ("operator", "JLOU")),
)  # fmt: skip


def demo_person(email: str) -> DemoPerson | None:
    """The demo person of an address."""
    return next((person for person in DEMO_PEOPLE if person.email == email), None)


SURNAMES = "王王王李李李张张刘刘陈陈杨黄赵吴周徐孙马朱胡郭何林高梁郑罗宋谢唐韩曹许邓冯曾彭蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭"
GIVEN = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛", "明", "超", "秀英", "桂芳", "建华", "玉兰", "志强", "晓燕", "雨桐", "梓涵", "子轩", "浩然", "欣怡", "思远", "佳琪", "嘉豪", "玥", "喆", "堃", "瑄", "翀", "祎", "赟", "珺"]  # fmt: skip
RARE = ["买买提·阿卜杜拉", "欧阳䶮", "古丽娜尔", "司马㛃", "扎西卓玛"]
