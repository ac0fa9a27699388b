"""The shared library: schools' pages, courses, their versions, and what they are sorted by."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PageManager, PageQuerySet
from wagtail.search import index

from cms.library.blocks import CourseBody
from cms.library.editing import CourseForm, UnderReviewLock
from cms.library.enums import CourseFormat, CourseLanguage, Licence, ReasonCode, ResourceKind, ReviewState, SharingScope
from cms.library.registries import access_grants, page_view
from cms.library.taxonomy import KindOfEducation, Subject
from foundation.api import append_only, in_language
from identity.api import Alliance, Institution, Role

SHOWN_STATES = [ReviewState.LIVE]
NOT_IN_REVISIONS = (
    "uuid", "code", "institution_id", "review_state", "state_reason", "state_since", "preview_scope", "read_scope", "download_scope",
    "adopt_scope", "alliance_id",
)  # fmt: skip
DESK_ROLES = (Role.EDITOR, Role.INSTRUCTOR, Role.SCHOOL_APPROVER, Role.SCHOOL_ADMINISTRATOR)


class SchoolsPage(Page):
    """The page under which all schools have theirs (``/schools/``).

    Personal data: none.
    """

    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.SchoolPage"]
    max_count = 1
    template = "cms/library/schools_page.html"

    class Meta:
        verbose_name = _("schools")

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return page_view("schools")(request, self)

    def serve_preview(self, request: Any, mode_name: str) -> Any:
        return self.serve(request)


class SchoolPage(Page):
    """A school in the library; its courses are its children.

    Personal data: none.
    """

    institution = models.OneToOneField(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))

    parent_page_types = ["cms.SchoolsPage"]
    subpage_types = ["cms.CoursePage"]
    template = "cms/library/school_page.html"
    search_fields = [*Page.search_fields, index.FilterField("institution")]

    class Meta:
        verbose_name = _("school")
        verbose_name_plural = _("schools")

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return page_view("school")(request, self)

    def serve_preview(self, request: Any, mode_name: str) -> Any:
        return self.serve(request)


class CourseQuerySet(PageQuerySet):
    """Courses as a person may see them."""

    def visible_to(self, user: Any, permission: str = "preview") -> CourseQuerySet:
        """Published courses inside the person's scope, and every course of a school at whose desk the person works.

        ``permission`` is preview, read, download or adopt. Agrees with ``can(user, permission, course)``.
        """
        reach = Q(review_state__in=SHOWN_STATES, live=True) & _scope_reaches(user, f"{permission}_scope")
        if permission in {"preview", "read"}:
            reach |= _desk_reach(user)
        if permission == "read" and user.is_authenticated:
            for grant in access_grants():
                reach |= Q(pk__in=grant(user))
        return self.filter(reach)

    def published(self) -> CourseQuerySet:
        return self.filter(live=True, review_state=ReviewState.LIVE)


def _scope_reaches(user: Any, field: str) -> Q:
    """Whether a scope column lets the person in: each scope contains the narrower ones."""
    reach = Q(**{field: SharingScope.PUBLIC})
    if not user.is_authenticated:
        return reach
    schools = user.member_institution_ids()
    alliances = user.member_alliance_ids()
    named = CoursePage.named_schools.through.objects.filter(institution__in=schools).values("coursepage_id")
    reach |= Q(**{field: SharingScope.SIGNED_IN}) | Q(institution__in=schools)
    reach |= Q(**{f"{field}__gte": SharingScope.NAMED}, pk__in=named)
    reach |= Q(**{f"{field}__gte": SharingScope.ALLIANCE}, alliance__in=alliances)
    return reach


def _desk_reach(user: Any) -> Q:
    """What those see who work on courses: the own school's people everything of the school, reviewers what is submitted to them."""
    if not user.is_authenticated:
        return Q(pk__in=[])
    reach = Q(institution__in=user.institutions_as(*DESK_ROLES))
    reviewing = user.institutions_as(Role.LIBRARY_REVIEWER)
    if reviewing:
        reach |= Q(review_state__in=[ReviewState.SUBMITTED, ReviewState.LIVE]) & ~Q(institution__in=reviewing)
    if user.acts_as(Role.OPERATOR, Role.AUDITOR):
        reach |= ~Q(review_state=ReviewState.DRAFT)
    return reach


CoursePageManager = PageManager.from_queryset(CourseQuerySet)


class CoursePage(Page):
    """A course: what it says about itself, who may use it, and its sections.

    The page is what editors work on; learners read a pinned CourseVersion. ``title`` is the Chinese title.

    Personal data: names of teachers and authors, as published.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(
        _("code"), max_length=40, unique=True,
        validators=[RegexValidator(r"^[A-Z0-9][A-Z0-9-]{2,39}$", _("Capital letters, digits and hyphens."))],
        help_text=_("Stands in rules and short links; never changes."),
    )  # fmt: skip
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("school"))
    title_en = models.CharField(_("title (English)"), max_length=255, blank=True)
    summary_zh = models.TextField(_("summary (Chinese)"), blank=True, help_text=_("Two to four sentences: what one learns, for whom."))
    summary_en = models.TextField(_("summary (English)"), blank=True)
    aims_zh = models.TextField(_("learning aims (Chinese)"), blank=True, help_text=_("One aim a line."))
    aims_en = models.TextField(_("learning aims (English)"), blank=True, help_text=_("One aim a line."))
    prerequisites_zh = models.CharField(_("prerequisites (Chinese)"), max_length=300, blank=True)
    prerequisites_en = models.CharField(_("prerequisites (English)"), max_length=400, blank=True)
    keywords = models.CharField(_("keywords"), max_length=300, blank=True)
    teacher_names = models.CharField(_("teachers"), max_length=200, blank=True)
    kinds = ParentalManyToManyField(KindOfEducation, verbose_name=_("kinds of education"), blank=True, related_name="+")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("subject"))
    level = models.ForeignKey(
        "foundation.Level", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("level")
    )
    language = models.CharField(_("language of the content"), max_length=10, choices=CourseLanguage.choices, default=CourseLanguage.CHINESE)
    format = models.CharField(_("format"), max_length=12, choices=CourseFormat.choices, default=CourseFormat.TEXT)
    notional_hours = models.DecimalField(
        _("notional hours"), max_digits=6, decimal_places=1, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )
    credit_system = models.ForeignKey(
        "foundation.CreditSystem", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit system")
    )
    credits = models.DecimalField(_("credits"), max_digits=6, decimal_places=2, null=True, blank=True)
    licence = models.CharField(_("licence"), max_length=16, choices=Licence.choices, default=Licence.UNKNOWN)

    preview_scope = models.PositiveSmallIntegerField(_("may preview"), choices=SharingScope.choices, default=SharingScope.OWN)
    read_scope = models.PositiveSmallIntegerField(_("may read"), choices=SharingScope.choices, default=SharingScope.OWN)
    download_scope = models.PositiveSmallIntegerField(_("may download"), choices=SharingScope.choices, default=SharingScope.OWN)
    adopt_scope = models.PositiveSmallIntegerField(_("may adopt"), choices=SharingScope.choices, default=SharingScope.OWN)
    named_schools = ParentalManyToManyField(Institution, verbose_name=_("named schools"), blank=True, related_name="+")
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("alliance"))

    review_state = models.CharField(
        _("review"), max_length=16, choices=ReviewState.choices, default=ReviewState.DRAFT, editable=False, db_index=True
    )
    state_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    state_since = models.DateTimeField(_("since"), null=True, blank=True, editable=False)

    body = StreamField(CourseBody(), blank=True, use_json_field=True, verbose_name=_("Sections"))

    objects = CoursePageManager()

    base_form_class = CourseForm
    parent_page_types = ["cms.SchoolPage"]
    subpage_types: list[str] = []
    template = "cms/library/course_page.html"
    preview_modes = [("", _("Course page"))]

    search_fields = [
        *Page.search_fields,
        index.SearchField("title_en", boost=4),
        index.SearchField("keywords", boost=2),
        index.RelatedFields("institution", [index.SearchField("name_zh", boost=2), index.SearchField("name_en", boost=2)]),
        index.SearchField("summary_zh", boost=1.5),
        index.SearchField("summary_en", boost=1.5),
        index.SearchField("aims_zh"),
        index.SearchField("aims_en"),
        index.SearchField("teacher_names"),
        index.SearchField("body"),
        index.AutocompleteField("title_en"),
        index.FilterField("institution"),
        index.FilterField("subject"),
        index.FilterField("level"),
        index.FilterField("language"),
        index.FilterField("format"),
        index.FilterField("licence"),
        index.FilterField("review_state"),
    ]
    content_panels = [
        *Page.content_panels,
        FieldPanel("title_en"),
        MultiFieldPanel([FieldPanel("summary_zh"), FieldPanel("summary_en")], heading=_("Summary")),
        MultiFieldPanel([FieldPanel("aims_zh"), FieldPanel("aims_en")], heading=_("Learning aims")),
        FieldPanel("body"),
    ]
    promote_panels = [
        MultiFieldPanel(
            [
                FieldPanel("code"),
                FieldPanel("kinds"),
                FieldPanel("subject"),
                FieldPanel("level"),
                FieldRowPanel([FieldPanel("language"), FieldPanel("format")]),
                FieldRowPanel([FieldPanel("notional_hours"), FieldPanel("credits"), FieldPanel("credit_system")]),
                FieldPanel("licence"),
                FieldPanel("teacher_names"),
                FieldPanel("keywords"),
                FieldPanel("prerequisites_zh"),
                FieldPanel("prerequisites_en"),
            ],
            heading=_("Description"),
        ),
        FieldPanel("slug"),
    ]
    settings_panels: list[Any] = []

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        constraints = [
            models.CheckConstraint(
                condition=Q(download_scope__lte=F("read_scope"))
                & Q(adopt_scope__lte=F("read_scope"))
                & Q(read_scope__lte=F("preview_scope")),
                name="course_scopes_in_order",
            ),
            models.CheckConstraint(condition=Q(review_state__in=ReviewState.values), name="course_review_state_is_known"),
        ]
        indexes = [models.Index(fields=["review_state", "preview_scope"], name="course_by_reach")]

    @property
    def title_zh(self) -> str:
        return str(self.title)

    @property
    def name(self) -> str:
        """The title in the reader's language."""
        return in_language(self.title, self.title_en)

    @property
    def outcome_code(self) -> str:
        """What credit rules call finishing this course: the school's code and the course's own, JLOU:ELD201 for JLOU-ELD201."""
        school = self.institution.code
        return f"{school}:{self.code.removeprefix(school + '-')}"

    @property
    def summary(self) -> str:
        return in_language(self.summary_zh, self.summary_en)

    @property
    def aims(self) -> list[str]:
        return [line.strip() for line in in_language(self.aims_zh, self.aims_en).splitlines() if line.strip()]

    @property
    def prerequisites(self) -> str:
        return in_language(self.prerequisites_zh, self.prerequisites_en)

    def with_content_json(self, content: dict[str, Any]) -> CoursePage:
        """A revision brings back what was written, never who may read it or how far its review is: that is decided by actions alone."""
        page: CoursePage = super().with_content_json(content)
        for name in NOT_IN_REVISIONS:
            setattr(page, name, getattr(self, name))
        return page

    def route(self, request: Any, path_components: list[str]) -> Any:
        """A withdrawn course answers 410 at its address instead of pretending that it never was."""
        from wagtail.url_routing import RouteResult  # noqa: PLC0415  pulls in wagtail.models again

        if not path_components and not self.live and self.review_state in {ReviewState.WITHDRAWN, ReviewState.TAKEN_DOWN}:
            return RouteResult(self)
        return super().route(request, path_components)

    def get_lock(self) -> Any:
        """What is under review stands still."""
        return UnderReviewLock(self) if self.review_state in {ReviewState.SCHOOL_REVIEW, ReviewState.SUBMITTED} else super().get_lock()

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Decided by the one policy before anything renders; the view lies in ``views``, above the models."""
        return page_view("course")(request, self)

    def serve_preview(self, request: Any, mode_name: str) -> Any:
        """The editor's preview: the same page, with the draft's own content."""
        return page_view("course_preview")(request, self)


@append_only
class CourseVersion(models.Model):
    """A published state of a course, for ever: the page revision and a manifest of everything in it.

    Learners of a run read the manifest, so nothing that happens to the page later reaches them.

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    course = models.ForeignKey(CoursePage, on_delete=models.PROTECT, related_name="versions", verbose_name=_("course"))
    number = models.PositiveIntegerField(_("number"))
    revision = models.ForeignKey("wagtailcore.Revision", on_delete=models.PROTECT, related_name="+")
    manifest = models.JSONField(_("manifest"))
    content_hash = models.CharField(_("hash"), max_length=64)
    notes = models.CharField(_("what changed"), max_length=500, blank=True)
    published_by_uuid = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(_("published"), auto_now_add=True)

    class Meta:
        verbose_name = _("course version")
        verbose_name_plural = _("course versions")
        ordering = ["course", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="course_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="course_version_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} v{self.number}"


@append_only
class VersionFile(models.Model):
    """A file that a version shows: keeps it from being deleted, and says who may download it.

    Personal data: none.
    """

    version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="files")
    document = models.ForeignKey("wagtaildocs.Document", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "document"], name="version_file_once")]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.document_id}"


@append_only
class ReviewStep(models.Model):
    """One step of a course on its way into the library: from which state to which, by whom, and why.

    Personal data: pseudonym of the person who took the step.
    """

    course = models.ForeignKey(CoursePage, on_delete=models.PROTECT, related_name="review_steps")
    from_state = models.CharField(max_length=16, choices=ReviewState.choices)
    to_state = models.CharField(max_length=16, choices=ReviewState.choices)
    revision = models.ForeignKey("wagtailcore.Revision", on_delete=models.PROTECT, null=True, related_name="+")
    by_uuid = models.UUIDField(_("by"), null=True)
    reason_code = models.CharField(_("reason"), max_length=20, choices=ReasonCode.choices, blank=True)
    note = models.TextField(_("note to the school"), blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("review step")
        verbose_name_plural = _("review steps")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class ResourceQuerySet(models.QuerySet["Resource"]):
    """Resources as their reader may see them."""

    def visible_to(self, user: Any) -> ResourceQuerySet:
        """Those who work at the owner's desk; what learners see of a resource, they see through a course version."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(institution__in=user.institutions_as(*DESK_ROLES))


class Resource(models.Model):
    """A reusable piece that courses use. What is special to a kind is a one-to-one detail in its part (a quiz in assessment).

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=ResourceKind.choices)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    title_zh = models.CharField(_("title (Chinese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=16, choices=Licence.choices, default=Licence.UNKNOWN)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")

    def __str__(self) -> str:
        return in_language(self.title_zh, self.title_en)
