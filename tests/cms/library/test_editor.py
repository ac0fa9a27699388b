"""Wagtail's admin: a school's people see and change what is theirs, publishing is not theirs, and what learners have pinned stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from wagtail.documents.models import Document
from wagtail.models import Collection, Page

from cms.api import CoursePage, CourseVersion, QuestionFacts, SchoolPage, create_quiz
from cms.library.enums import ReviewState
from identity.api import Membership, Role, User, grant_membership
from tests.factories.cms import course, school
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_schools():
    mine, other = school("AAA", "甲学院"), school("BBB", "乙学校")
    return mine, other, course(mine, code="AAA-E1", title="甲的课"), course(other, code="BBB-E1", title="乙的课", live=False)


@pytest.fixture
def editor(two_schools, client):
    return _signed_in(client, Role.EDITOR, two_schools[0].institution)


def _signed_in(client, role, institution):
    """Through the action, because only that puts a member into the school's group of the admin."""
    person = User.objects.create_user(name="成员", email=f"{role}{institution.code}@example.org")
    grant_membership(person, institution, role, actor=None, starts_on=date(2024, 1, 1))
    client.force_login(User.objects.get(pk=person.pk))
    return client


def _page(name: str, row: Page, *more: object) -> str:
    return reverse(f"wagtailadmin_pages:{name}", args=[row.pk, *more])


def _facts(row: Page) -> dict[str, object]:
    return {**Page.objects.filter(pk=row.pk).values().get(), **CoursePage.objects.filter(pk=row.pk).values().get()}


def test_an_editor_finds_the_own_school_and_nothing_of_another(editor, two_schools):
    mine, other, own, foreign = two_schools

    assert editor.get(_page("edit", own)).status_code == 200
    assert editor.get(_page("edit", foreign)).status_code == 302
    text = editor.get(reverse("wagtailadmin_explore", args=[mine.pk])).content.decode()
    assert "甲的课" in text
    listing = editor.get(reverse("wagtailadmin_explore", args=[other.pk]), follow=True).content.decode()
    assert "乙的课" not in listing
    for address in ("wagtailadmin_choose_page", "wagtailadmin_choose_page_search"):
        assert "乙的课" not in editor.get(reverse(address), {"q": "乙的课"}).content.decode()


@pytest.mark.parametrize("button", ["action-publish", "action-submit", "action-workflow-action"])
def test_an_editor_cannot_publish_through_the_editors_own_form(editor, two_schools, button):
    draft = course(two_schools[0], code="AAA-E2", live=False)
    page = editor.get(_page("edit", draft))
    assert "action-publish" not in page.content.decode()

    editor.post(_page("edit", draft), {button: "1", "title": "偷偷发布", "slug": draft.slug})

    row = CoursePage.objects.get(pk=draft.pk)
    assert (row.live, row.review_state, CourseVersion.objects.filter(course=row).count()) == (False, ReviewState.DRAFT, 0)


@pytest.mark.parametrize(
    ("name", "more"), [("unpublish", ()), ("delete", ()), ("move", ()), ("convert_alias", ()), ("set_page_position", ()), ("lock", ())]
)
def test_an_editor_cannot_unpublish_delete_or_move_a_published_course(editor, two_schools, name, more):
    own = two_schools[2]
    before = _facts(own)

    answer = editor.post(_page(name, own, *more), {"wagtail_site_name": "江澜"})

    assert answer.status_code in {302, 403, 404, 405}
    assert _facts(own) == before


def test_a_course_is_not_moved_below_another_school(editor, two_schools):
    _mine, other, own, _foreign = two_schools
    before = _facts(own)

    editor.post(reverse("wagtailadmin_pages:move_confirm", args=[own.pk, other.pk]))

    assert _facts(own) == before


def test_several_published_courses_are_not_deleted_at_once_either(client, two_schools):
    own = two_schools[2]
    admin = User.objects.create_user(name="站点", email="root@example.org")
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    client.force_login(User.objects.get(pk=admin.pk))
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"]) + f"?id={own.pk}&next=/cms/"

    answer = client.post(address, follow=True)

    assert CoursePage.objects.filter(pk=own.pk).exists()
    assert "不能删除" in answer.content.decode()


def test_what_is_under_review_is_locked_for_everybody(editor, two_schools):
    own = two_schools[2]
    CoursePage.objects.filter(pk=own.pk).update(review_state=ReviewState.SUBMITTED)
    before = _facts(own)

    page = editor.get(_page("edit", own))
    answer = editor.post(_page("edit", own), {"title": "趁审核改一下", "slug": own.slug, "body-count": "0"})

    assert "课程正在审核" in page.content.decode()
    assert answer.status_code in {200, 400}
    assert (_facts(own)["title"], _facts(own)["latest_revision_id"]) == (before["title"], before["latest_revision_id"])


def test_every_kind_of_page_can_be_previewed(client, two_schools):
    admin = User.objects.create_user(name="站点", email="root@example.org")
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    client.force_login(User.objects.get(pk=admin.pk))
    kinds = {}

    for page in Page.objects.filter(depth__gt=1).specific():
        page.save_revision(clean=False)
        kinds[page.specific_class.__name__] = client.get(_page("view_draft", page)).status_code

    assert kinds == {"HomePage": 200, "SchoolsPage": 302, "SchoolPage": 200, "CoursePage": 200}


def test_quizzes_with_their_keys_belong_to_the_school_that_wrote_them(editor, two_schools):
    mine, other = two_schools[:2]
    facts = [QuestionFacts(kind="single", prompt="先做什么？", choices="*洗手\n戴手套")]
    own = create_quiz(mine.institution, title_zh="甲的测验", actor=None, questions=facts)
    foreign = create_quiz(other.institution, title_zh="乙的测验", actor=None, questions=facts)

    listing = editor.get(reverse("wagtailsnippets_cms_quiz:list")).content.decode()

    assert "甲的测验" in listing
    assert "乙的测验" not in listing
    assert editor.get(reverse("wagtailsnippets_cms_quiz:edit", args=[own.pk])).status_code == 200
    assert editor.get(reverse("wagtailsnippets_cms_quiz:edit", args=[foreign.pk])).status_code == 404
    assert "乙的测验" not in editor.get(reverse("wagtailsnippetchoosers_cms_quiz:choose")).content.decode()


def test_a_document_is_served_to_the_own_desk_and_to_nobody_by_guessing(editor, client, two_schools, django_user_model):
    mine = two_schools[0]
    collection = Collection.objects.get(name=mine.institution.code)
    paper = Document.objects.create(title="讲义", file=SimpleUploadedFile("a.txt", b"text"), collection=collection)
    address = reverse("wagtaildocs_serve", args=[paper.pk, paper.filename])

    assert editor.get(address).status_code == 200
    for person in (person_as(Role.LEARNER, mine.institution), person_as(Role.EDITOR)):
        client.force_login(User.objects.get(pk=person.pk))
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 404


def test_who_holds_no_role_there_does_not_enter_at_all(client, two_schools):
    learner = person_as(Role.LEARNER, two_schools[0].institution)
    client.force_login(User.objects.get(pk=learner.pk))

    answer = client.get("/cms/", follow=True)

    assert answer.status_code == 403
    assert SchoolPage.objects.count() == 2
    assert ContentType.objects.get_for_model(CoursePage)


def test_a_membership_that_ended_yesterday_opens_nothing_today(editor, two_schools):
    own = two_schools[2]
    assert editor.get(_page("edit", own)).status_code == 200

    Membership.objects.filter(role=Role.EDITOR).update(ends_on=timezone.localdate() - timedelta(days=1))

    assert editor.get(_page("edit", own), follow=True).status_code == 403
    assert not User.objects.get(email__startswith="editor").groups.exists()
