"""What Wagtail's admin shows and refuses: quizzes of one's own school, files by the policy, no deleting of what learners have pinned."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.models import Page
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.chooser import (
    ChooseResultsView,
    ChooseView,
    SnippetChooserViewSet,
    SnippetChosenMultipleView,
    SnippetChosenView,
)
from wagtail.snippets.views.snippets import CreateView, DeleteView, EditView, HistoryView, SnippetViewSet, UsageView

from cms.assessment.models import Quiz
from cms.library.enums import ResourceKind
from cms.library.models import DESK_ROLES, CoursePage, CourseVersion, Resource
from foundation.api import can
from identity.api import Role


class QuizCreateView(CreateView):
    """A new quiz belongs to the editor's school."""

    def save_instance(self) -> Quiz:
        places = self.request.user.institutions_as(Role.EDITOR, Role.INSTRUCTOR)
        if not places:
            raise PermissionDenied
        quiz = self.form.instance
        quiz.resource = Resource.objects.create(
            kind=ResourceKind.QUIZ, institution_id=places[0], title_zh=quiz.title_zh, title_en=quiz.title_en
        )
        return super().save_instance()  # type: ignore[no-any-return]


class _OwnQuizzes:
    """Choosers list the own school's quizzes only: a quiz holds its keys."""

    def get_object_list(self) -> Any:
        return Quiz.objects.visible_to(self.request.user)  # type: ignore[attr-defined]


class _OwnQuiz:
    """One quiz, if it is of the own school; else there is none. Wagtail asks only whether somebody may change quizzes at all."""

    request: HttpRequest

    def get_object(self, *args: Any) -> Any:
        quiz = super().get_object(*args)  # type: ignore[misc]
        if not Quiz.objects.visible_to(self.request.user).filter(pk=quiz.pk).exists():
            raise Http404
        return quiz


class QuizEditView(_OwnQuiz, EditView):
    """Changing one."""


class QuizDeleteView(_OwnQuiz, DeleteView):
    """Deleting one."""


class QuizUsageView(_OwnQuiz, UsageView):
    """Where one is used."""


class QuizHistoryView(_OwnQuiz, HistoryView):
    """What was done to one."""


class QuizChosenView(_OwnQuiz, SnippetChosenView):
    """One that was chosen."""


class QuizChosenMultipleView(SnippetChosenMultipleView):
    """Several that were chosen."""

    def get_objects(self, pks: list[str]) -> Any:
        return Quiz.objects.visible_to(self.request.user).filter(pk__in=[pk for pk in pks if pk.isdecimal()])


class QuizChooseView(_OwnQuizzes, ChooseView):
    """The dialog."""


class QuizChooseResultsView(_OwnQuizzes, ChooseResultsView):
    """Its results."""


class QuizChooserViewSet(SnippetChooserViewSet):
    """Choosing a quiz for a unit."""

    choose_view_class = QuizChooseView
    choose_results_view_class = QuizChooseResultsView
    chosen_view_class = QuizChosenView
    chosen_multiple_view_class = QuizChosenMultipleView


class QuizViewSet(SnippetViewSet):
    """Quizzes in the admin."""

    model = Quiz
    icon = "help"
    add_to_admin_menu = True
    menu_order = 210
    list_display = ["title_zh", "title_en"]
    add_view_class = QuizCreateView
    edit_view_class = QuizEditView
    delete_view_class = QuizDeleteView
    usage_view_class = QuizUsageView
    history_view_class = QuizHistoryView
    chooser_viewset_class = QuizChooserViewSet
    copy_view_enabled = False
    inspect_view_enabled = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Quiz.objects.visible_to(request.user)


register_snippet(QuizViewSet)


@hooks.register("before_serve_document")
def ask_the_policy(document: Any, request: HttpRequest) -> None:
    """A file is served to whoever may read a course that shows it, and to the desk of its own school; to others it does not exist."""
    versions = CourseVersion.objects.filter(files__document=document).select_related("course").order_by("-id")[:20]
    if any(can(request.user, "read", version.course) for version in versions):
        return
    desks = (
        {held.institution_code for held in request.user.acting_roles() if held.role in DESK_ROLES}
        if request.user.is_authenticated
        else set()
    )
    if document.collection.name not in desks:
        raise Http404


@hooks.register("construct_page_chooser_queryset")
def offer_what_one_may_see(pages: Any, request: HttpRequest) -> Any:
    """Choosers list pages of the whole site; courses outside of one's scope are not among them."""
    return pages.filter(
        Q(pk__in=CoursePage.objects.visible_to(request.user)) | ~Q(content_type=ContentType.objects.get_for_model(CoursePage))
    )


def _refuse_delete(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Courses with versions stay: runs and records name them. Says so instead of failing."""
    inside = Page.objects.descendant_of(page, inclusive=True).values("pk")
    pinned = CoursePage.objects.filter(pk__in=inside, versions__isnull=False).distinct()
    if not pinned.exists() and page.specific_class is CoursePage:
        pinned = CoursePage.objects.filter(pk=page.pk, review_steps__isnull=False)
    if not pinned.exists():
        return None
    names = ", ".join(course.title for course in pinned[:5])
    messages.error(
        request,
        _("Published courses cannot be deleted, because learners' records name them: %(names)s. Withdraw them instead.") % {"names": names},
    )
    return redirect("wagtailadmin_explore", page.get_parent().pk)


@hooks.register("before_delete_page")
def keep_pinned_courses(request: HttpRequest, page: Page) -> HttpResponse | None:
    """One page."""
    return _refuse_delete(request, page)


@hooks.register("before_bulk_action")
def keep_pinned_courses_in_bulk(request: HttpRequest, action_type: str, objects: list[Any], _action: Any) -> HttpResponse | None:
    """The same for many at once; and of quizzes, only the own school's are touched."""
    quizzes = [item.pk for item in objects if isinstance(item, Quiz)]
    if Quiz.objects.visible_to(request.user).filter(pk__in=quizzes).count() != len(quizzes):
        raise PermissionDenied
    if action_type != "delete":
        return None
    return next((answer for page in objects if isinstance(page, Page) and (answer := _refuse_delete(request, page)) is not None), None)


@hooks.register("insert_global_admin_css")
def brand() -> str:
    """Our colours in the admin."""

    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))


@hooks.register("construct_main_menu")
def only_what_is_there(request: HttpRequest, menu_items: list[Any]) -> None:
    """Reports and settings of the whole site are the operator's, not a school's; help about the product is on the site itself."""
    hidden = {"help"} if request.user.is_superuser else {"help", "reports", "settings"}
    menu_items[:] = [item for item in menu_items if item.name not in hidden]


@hooks.register("register_admin_menu_item")
def back_to_the_desk() -> MenuItem:
    """The way to the desk where courses are reviewed, shared and published."""
    return MenuItem(gettext_lazy("Review and sharing"), reverse_lazy("cms:desk"), icon_name="tasks", order=90)
