"""Making a course, describing it, and saying who may use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from cms.library.enums import ReviewState, SharingScope
from cms.library.exceptions import IllegalTransition, ScopesOutOfOrder
from cms.library.models import CoursePage, SchoolPage
from cms.library.taxonomy import KindOfEducation, Subject
from cms.library.types import CourseFacts
from foundation.api import CreditSystem, Level, record_audit_entry
from identity.api import Alliance, Institution

SCOPE_FIELDS = ("preview_scope", "read_scope", "download_scope", "adopt_scope")


@transaction.atomic
def create_course(school: SchoolPage, *, facts: CourseFacts, actor: Any) -> CoursePage:
    """A draft below a school's page, for the own school alone.

    Raises ValidationError for bad values (a code that is taken, credits without a unit …).
    """
    course = CoursePage(title=facts.title_zh, slug=slugify(facts.code), code=facts.code, institution_id=school.institution_id, live=False)
    course.has_unpublished_changes = True
    course.owner = actor
    _apply(course, facts)
    school.add_child(instance=course)
    course.kinds.set(KindOfEducation.objects.filter(code__in=facts.kinds))
    course.save()
    record_audit_entry("library.create_course", actor=actor, about=course, data={"code": course.code})
    return course


@transaction.atomic
def describe_course(course: CoursePage, *, facts: CourseFacts, actor: Any) -> CoursePage:
    """Change what a course says about itself; what learners have pinned is untouched."""
    _apply(course, facts)
    course.kinds.set(KindOfEducation.objects.filter(code__in=facts.kinds))
    course.full_clean()
    course.save()
    course.save_revision(user=actor, clean=False)
    record_audit_entry("library.describe_course", actor=actor, about=course)
    return course


def _apply(course: CoursePage, facts: CourseFacts) -> None:
    course.title = facts.title_zh
    for name in ("title_en", "summary_zh", "summary_en", "prerequisites_zh", "prerequisites_en", "language", "format", "notional_hours"):
        setattr(course, name, getattr(facts, name))
    for name in ("credits", "licence", "teacher_names", "keywords"):
        setattr(course, name, getattr(facts, name))
    course.aims_zh, course.aims_en = "\n".join(facts.aims_zh), "\n".join(facts.aims_en)
    course.subject = Subject.objects.get(code=facts.subject) if facts.subject else None
    course.level = Level.objects.get(code=facts.level) if facts.level else None
    course.credit_system = CreditSystem.objects.get(code=facts.credit_system) if facts.credit_system else None


@transaction.atomic
def set_body(course: CoursePage, *, sections: list[dict[str, Any]], actor: Any) -> CoursePage:
    """Replace the sections of a course by raw stream data with ids at every level (imports and the demo's loader)."""
    field = CoursePage._meta.get_field("body")
    course.body = field.stream_block.to_python(sections)
    course.save()
    course.save_revision(user=actor, clean=False)
    record_audit_entry("library.write_course", actor=actor, about=course)
    return course


@transaction.atomic
def set_sharing(
    course: CoursePage,
    *,
    preview: int,
    read: int,
    download: int,
    adopt: int,
    actor: Any,
    named_schools: Iterable[Institution] = (),
    alliance: Alliance | None = None,
) -> CoursePage:
    """Say who may preview, read, download and adopt.

    A narrower scope holds at once; a wider one needs a new review, so a published course goes back to the school with it.

    Raises ScopesOutOfOrder where download or adopt exceeds read, or read exceeds preview, naming the field.
    """
    wanted = dict(zip(SCOPE_FIELDS, (preview, read, download, adopt), strict=True))
    for inner, outer in (("read_scope", "preview_scope"), ("download_scope", "read_scope"), ("adopt_scope", "read_scope")):
        if wanted[inner] > wanted[outer]:
            raise ScopesOutOfOrder(inner)
    if course.review_state in {ReviewState.WITHDRAWN, ReviewState.TAKEN_DOWN}:
        raise IllegalTransition("removed", course.review_state)
    course = CoursePage.objects.select_for_update().get(pk=course.pk)
    wider = any(wanted[name] > getattr(course, name) for name in SCOPE_FIELDS)
    if wider and course.review_state == ReviewState.LIVE and max(wanted.values()) > SharingScope.OWN:
        raise IllegalTransition("wider_scope_needs_review", course.review_state)
    for name, value in wanted.items():
        setattr(course, name, value)
    course.alliance = alliance
    course.named_schools.set(list(named_schools))
    course.save()
    course.save_revision(user=actor, clean=False)
    record_audit_entry(
        "library.share", actor=actor, about=course, data={name: SharingScope(value).name.lower() for name, value in wanted.items()}
    )
    return course
