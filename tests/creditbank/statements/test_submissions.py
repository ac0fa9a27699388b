"""Files for Shanghai's bank, read back: headings in their order, types, row counts, and every value."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from creditbank.api import (
    SubmissionCode,
    SubmissionSheet,
    claim_application,
    confirm_decision,
    decide_application,
    replace_codes,
    start_application,
    submit_application,
)
from creditbank.statements.submissions import CERTIFICATE, ELSEWHERE, OWN, Submission, submission_table
from foundation.api import AuditEntry, Level, LevelFramework
from identity.api import Role, forget_civil_number, give_civil_number, link_learner_number
from tests.factories.creditbank import AT, LATER, all_lines, earn, make_bank
from tests.factories.identity import UserFactory, person_as
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db
CODES = [
    ("own", "level", "level:5", "86", "专科"), ("own", "education", "continuing", "321", "成人"), ("own", "education", "*", "322", "普通"),
    ("own", "result", "graduated", "1261", "毕业"), ("own", "season", "spring", "1321", "春季"),
    ("elsewhere", "source", "course", "01", "课程"), ("elsewhere", "education", "continuing", "321", "成人"),
    ("elsewhere", "result", "studying", "1690", "在读"), ("certificates", "source", "certificate", "02", "证书"),
    ("certificates", "education", "*", "1381", "中职"),
]  # fmt: skip
PERIOD = {"since": date(2025, 9, 1), "until": date(2026, 8, 31)}


@pytest.fixture
def bank():
    found = make_bank(amounts=("3", "2.5"))
    school = [(sheet, "school", found.institution.code, "90001", "本校") for sheet in ("elsewhere", "certificates")]
    levels = [(sheet, "level", f"programme:{found.programme.code}", "86", "专科") for sheet in ("elsewhere", "certificates")]
    replace_codes("SHCB", [*CODES, *school, *levels], actor=None)
    return found


def recognised(bank, **sources):
    """林晓雯 with learner number 310104199001011234 had a course (or what is said) and a second source recognised."""
    learner = UserFactory(name="林晓雯")
    link_learner_number(learner, bank.institution, "310104199001011234", actor=None, at=AT)
    earn(bank, learner, which=0, score="86", notional_hours=Decimal("64.0"), **sources)
    earn(bank, learner, which=1, score="78.5", source_type="certificate", earned_on=date(2024, 12, 20))
    application = submit_application(start_application(bank.programme, learner=learner, at=AT), actor=learner, at=AT)
    application = claim_application(application, actor=bank.officer, at=AT)
    application = decide_application(application, decisions=all_lines(application), actor=bank.officer, at=AT)
    return confirm_decision(application, actor=bank.reviewer, at=LATER)


def own(bank, learner, title, mark, **facts):
    given = {
        "institution": bank.institution,
        "outcome_code": f"X:{title}",
        "score": Decimal(mark),
        "earned_on": date(2026, 1, 16),
    }
    return make_record(learner, title_zh=title, **given | facts)


def file_of(client, bank, sheet, person=None, **given):
    client.force_login(person or bank.officer)
    period = {name: day.isoformat() for name, day in PERIOD.items()}
    answer = client.post(f"/desk/submissions/{bank.institution.code}/", {"sheet": sheet, "bank": "SHCB", **period, **given})
    assert answer.status_code == 200, answer.content.decode()[:2000]
    book = load_workbook(io.BytesIO(answer.content))
    assert len(book.sheetnames) == 1
    return book.active


def rows_of(sheet) -> list[dict]:
    names = [cell.value for cell in sheet[1]]
    return [dict(zip(names, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_the_headings_are_those_of_the_bank_in_their_order():
    assert [len(headings) for headings in (OWN, ELSEWHERE, CERTIFICATE)] == [15, 24, 20]
    assert (OWN[0], OWN[-1], ELSEWHERE[2], ELSEWHERE[-1], CERTIFICATE[2], CERTIFICATE[-1]) == (
        "姓名", "学号", "转换学校代码", "转换后专业名称", "转换学校代码", "转换后专业",
    )  # fmt: skip


def test_own_courses_golden(client, bank):
    learner = UserFactory(name="林晓雯")
    link_learner_number(learner, bank.institution, "202600012345678901", actor=None, at=AT)
    ladder = LevelFramework.objects.create(code="JL", name_zh="江澜", name_en="JL")
    level = Level.objects.create(framework=ladder, code="5", rank=5, name_zh="专科", name_en="5")
    own(bank, learner, "社区护理学", "86", credits=Decimal("3.0"), notional_hours=Decimal(48), level=level)
    own(bank, learner, "老年护理学", "84.5", credits=Decimal("3.5"), notional_hours=None, kind_of_education="higher")

    sheet = file_of(client, bank, "own", graduates="2026", result="graduated", season="spring")

    assert sheet.title == "本校课程"
    assert [cell.value for cell in sheet[1]] == list(OWN)
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["林晓雯", None, None, "社区护理学", "86", "321", 3, 48, "86", "202601", "2026", "1261", "1321", None, "202600012345678901"],
        ["林晓雯", None, None, "老年护理学", None, "322", 3.5, None, "84.5", "202601", "2026", "1261", "1321", None, "202600012345678901"],
    ]
    kinds = {
        heading: {cell.data_type for cell in column[1:] if cell.value is not None}
        for heading, column in zip(OWN, sheet.columns, strict=True)
    }
    assert {heading for heading, kind in kinds.items() if kind == {"n"}} == {"学分", "学时"}
    assert {heading for heading, kind in kinds.items() if kind == {"s"}} == set(OWN) - {"学分", "学时", "身份证号", "专业名称", "备注"}
    assert sheet["G2"].number_format == "General"  # 3 is shown as 3, and 3.5 as 3.5


def test_of_one_course_the_best_score_counts_of_equal_ones_the_newest(client, bank):
    learner = UserFactory()
    for score, day in (("70", date(2025, 10, 1)), ("91", date(2025, 11, 1)), ("91", date(2026, 2, 1)), ("80", date(2026, 3, 1))):
        own(bank, learner, "药理学", score, earned_on=day)

    (row,) = rows_of(file_of(client, bank, "own"))

    assert (row["成绩"], row["获得时间"]) == ("91", "202602")


@pytest.mark.parametrize(
    ("facts", "count"),
    [({}, 1), ({"score": Decimal("59.5")}, 0), ({"score": Decimal(60)}, 1), ({"earned_on": date(2025, 8, 31)}, 0), ({"earned_on": date(2026, 8, 31)}, 1),
     ({"source_type": "certificate"}, 0), ({"source_type": "mooc"}, 1), ({"score": None, "grade": "合格"}, 1)],
    ids=range(8),
)  # fmt: skip
def test_only_passed_courses_of_the_period_are_own_courses(bank, facts, count):
    own(bank, UserFactory(), "药理学", "86", **facts)
    make_record(title_zh="别校的课", earned_on=date(2026, 1, 16))

    made = submission_table(Submission(bank.institution, "SHCB", SubmissionSheet.OWN, **PERIOD))

    assert len(made.table.rows) == count


def test_courses_from_elsewhere_golden(client, bank):
    recognised(bank)

    sheet = file_of(client, bank, "elsewhere", result="studying")

    assert [cell.value for cell in sheet[1]] == list(ELSEWHERE)
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [
            "林晓雯", None, "90001", "01", None, "来源课程1", bank.source.name_zh, None, "321", 4, 64, "86", "202507", None, "1690", None, None,
            "310104199001011234", "86", "T1", "目标课程1", 3, "202603", "护理学专科",
        ],
    ]  # fmt: skip
    assert sheet["R2"].data_type == "s"  # eighteen digits stay a text


def test_certificates_golden(client, bank):
    recognised(bank)

    sheet = file_of(client, bank, "certificates")

    assert [cell.value for cell in sheet[1]] == list(CERTIFICATE)
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [
            "林晓雯", None, "90001", "02", None, "来源课程2", None, bank.source.name_zh, None, "1381", 0, None, "78.5", "202412", "86", "T2", "目标课程2", 2.5,
            "202603", "护理学专科",
        ],
    ]  # fmt: skip


def test_each_source_and_exempted_course_is_a_row_and_the_rest_is_counted(bank):
    recognised(bank, source_type="work")

    elsewhere = submission_table(Submission(bank.institution, "SHCB", SubmissionSheet.ELSEWHERE, **PERIOD))
    later = submission_table(Submission(bank.institution, "SHCB", SubmissionSheet.CERTIFICATES, date(2026, 4, 1), date(2026, 8, 31)))

    assert (elsewhere.table.rows, elsewhere.left_out) == ((), {"other_source": 1})
    assert later.table.rows == ()


def test_an_unknown_bank_leaves_codes_empty_and_never_guesses(bank):
    recognised(bank)

    (row,) = submission_table(Submission(bank.institution, "OTHER", SubmissionSheet.ELSEWHERE, **PERIOD)).table.rows

    assert [value for name, value in zip(ELSEWHERE, row, strict=True) if name.endswith("代码") and name != "转换后课程代码"] == [""] * 5


def test_the_files_cost_the_same_queries_for_1_and_30_rows(bank, django_assert_max_num_queries):
    for number in range(30):
        own(bank, UserFactory(), f"课{number}", "86")

    with django_assert_max_num_queries(4):
        made = submission_table(Submission(bank.institution, "SHCB", SubmissionSheet.OWN, **PERIOD))

    assert len(made.table.rows) == 30


def test_who_takes_a_file_is_written_down_with_its_rows(client, bank):
    recognised(bank)

    file_of(client, bank, "elsewhere", person_as(Role.SCHOOL_ADMINISTRATOR, bank.institution))

    entry = AuditEntry.objects.get(action="statements.export_submission")
    assert entry.object_key == str(bank.institution.uuid)
    assert {name: entry.data[name] for name in ("bank", "sheet", "rows", "since", "until")} == {
        "bank": "SHCB", "sheet": "elsewhere", "rows": 1, "since": "2025-09-01", "until": "2026-08-31",
    }  # fmt: skip
    assert len(entry.data["sha256"]) == 64


@pytest.mark.parametrize("role", [Role.LEARNER, Role.AUDITOR, Role.EXPERT, Role.EDITOR, Role.OPERATOR])
def test_others_get_no_file(client, bank, role):
    client.force_login(person_as(role, bank.institution))

    assert client.get("/desk/submissions/").status_code == 403
    assert client.post(f"/desk/submissions/{bank.institution.code}/", {}).status_code == 403
    client.force_login(person_as(Role.CREDIT_OFFICER))
    assert client.get(f"/desk/submissions/{bank.institution.code}/").status_code == 403
    assert AuditEntry.objects.filter(action="statements.export_submission").count() == 0


def test_one_institution_leads_straight_to_its_form_and_errors_keep_what_was_typed(client, bank):
    client.force_login(bank.officer)
    assert client.get("/desk/submissions/")["Location"] == f"/desk/submissions/{bank.institution.code}/"

    answer = client.post(
        f"/desk/submissions/{bank.institution.code}/",
        {"sheet": "own", "bank": "SHCB", "since": "2026-02-01", "until": "2026-01-01", "graduates": "26"},
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    for words in ("结束日早于开始日", "请写四位数年份", 'value="26"'):
        assert words in page, words


# --- code tables ---


def test_a_code_table_is_replaced_whole_or_not_at_all(bank, tmp_path):
    before = list(SubmissionCode.objects.values_list("sheet", "kind", "ours", "theirs"))
    file = tmp_path / "codes.csv"

    for bad in ("own,level,a,1,x\nown,level,a,2,x\n", "own,colour,a,1,x\n", "own,level,,1,x\n", "else,level,a,1,x\n"):
        file.write_text(f"sheet,kind,ours,theirs,label\n{bad}", "utf-8")
        with pytest.raises(CommandError, match="Nothing was changed: row"):
            call_command("submission_codes", "SHCB", str(file))
    assert list(SubmissionCode.objects.values_list("sheet", "kind", "ours", "theirs")) == before

    file.write_text("\ufeffsheet,kind,ours,theirs,label\nown,level,level:5,86,专科\n", "utf-8")
    call_command("submission_codes", "SHCB", str(file), stdout=io.StringIO())
    assert list(SubmissionCode.objects.values_list("sheet", "kind", "ours", "theirs", "label")) == [
        ("own", "level", "level:5", "86", "专科")
    ]
    assert AuditEntry.objects.filter(action="statements.replace_codes").latest("id").data == {"bank": "SHCB", "rows": 1}


# --- identity card numbers ---

NUMBER = "11010519491231002X"


def test_a_number_that_the_learner_has_given_stands_as_text_and_its_leaving_is_written_down(client, bank):
    known, unknown = UserFactory(name="林晓雯"), UserFactory(name="王磊")
    give_civil_number(known, NUMBER, actor=known, at=AT)
    for title in ("社区护理学", "老年护理学"):
        own(bank, known, title, "86")
    own(bank, unknown, "社区护理学", "86")

    sheet = file_of(client, bank, "own")

    assert {(row["姓名"], row["身份证号"]) for row in rows_of(sheet)} == {("林晓雯", NUMBER), ("王磊", None)}
    assert {cell.data_type for row in sheet.iter_rows(min_row=2, min_col=2, max_col=2) for cell in row if cell.value} == {"s"}
    said = AuditEntry.objects.get(action="statements.export_submission")
    assert (said.actor_uuid, said.data["people_with_number"], said.data["rows"], said.data["rows_without_number"]) == (
        bank.officer.uuid,
        1,
        3,
        1,
    )
    assert NUMBER not in str(said.data)


def test_a_conversion_has_the_number_of_its_learner(client, bank):
    application = recognised(bank)
    give_civil_number(application.learner, NUMBER, actor=application.learner, at=AT)

    assert [row["身份证号"] for row in rows_of(file_of(client, bank, "elsewhere"))] == [NUMBER]
    assert [row["身份证号"] for row in rows_of(file_of(client, bank, "certificates"))] == [NUMBER]


def test_the_page_says_beforehand_how_many_rows_lack_the_number_and_reads_none(client, bank):
    person = UserFactory()
    give_civil_number(person, NUMBER, actor=person, at=AT)
    own(bank, person, "药理学", "86")
    for _ in range(2):
        own(bank, UserFactory(), "药理学", "86")
    client.force_login(bank.officer)
    before = AuditEntry.objects.count()

    period = {name: day.isoformat() for name, day in PERIOD.items()}
    page = client.post(f"/en/desk/submissions/{bank.institution.code}/", {"sheet": "own", "bank": "SHCB", "step": "look", **period})

    text = " ".join(page.content.decode().split())
    assert (page.status_code, page.context["outline"].rows, page.context["outline"].without_number) == (200, 3, 2)
    assert ("3 rows" in text, "In 2 rows the identity card number is missing" in text, NUMBER in text) == (True, True, False)
    assert AuditEntry.objects.count() == before


def test_what_a_learner_takes_back_is_not_in_the_next_file(client, bank):
    person = UserFactory()
    give_civil_number(person, NUMBER, actor=person, at=AT)
    own(bank, person, "药理学", "86")
    forget_civil_number(person, actor=person)

    assert [row["身份证号"] for row in rows_of(file_of(client, bank, "own"))] == [None]


# --- over HTTP ---


def ask(client, at, path="", **changes):
    period = {name: day.isoformat() for name, day in PERIOD.items()}
    body = {"sheet": "own", "bank": "SHCB", **period} | changes
    return client.post(f"/api/v1/desk/submissions/{at.institution.code}{path}", body, content_type="application/json")


def test_a_program_reads_what_there_is_looks_first_and_takes_the_same_file(client, bank):
    person = UserFactory(name="林晓雯")
    own(bank, person, "药理学", "86")
    client.force_login(bank.officer)

    known = client.get("/api/v1/desk/submissions").json()
    outline = ask(client, bank, "/look").json()
    answer = ask(client, bank, graduates="2026", result="graduated", season="spring")

    assert (known["institutions"], known["banks"], known["sheets"][0]["headings"]) == ([bank.institution.code], ["SHCB"], list(OWN))
    assert outline == {"rows": 1, "without_number": 1, "left_out": {}}
    (row,) = rows_of(load_workbook(io.BytesIO(answer.content)).active)
    assert (row["姓名"], row["成绩"], row["届别"], row["毕业结业肄业"]) == ("林晓雯", "86", "2026", "1261")
    assert AuditEntry.objects.filter(action="statements.export_submission", actor_uuid=bank.officer.uuid).count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"bank": "NONE"}, "unknown_bank"), ({"since": "2026-09-01"}, "bad_period"), ({"sheet": "all"}, "invalid"), ({"graduates": "26"}, "invalid")],
    ids=range(4),
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_and_no_file_leaves(client, bank, changes, code):
    client.force_login(bank.officer)

    answer = ask(client, bank, **changes)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not AuditEntry.objects.filter(action="statements.export_submission").exists()


def test_nobody_else_takes_files_of_an_institution_over_http(client, bank):
    answers = [ask(client, bank).status_code]
    for person in (UserFactory(), person_as(Role.CREDIT_OFFICER), bank.auditor):
        client.force_login(person)
        answers += [ask(client, bank).status_code, ask(client, bank, "/look").status_code]

    assert (answers[0], set(answers[1:])) == (401, {403})
    assert not AuditEntry.objects.filter(action="statements.export_submission").exists()
