"""Publishing: a page revision and a manifest, frozen together."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from cms.library.content import document_ids, hash_of, manifest_of
from cms.library.enums import ReviewState
from cms.library.events import CoursePublished
from cms.library.exceptions import IllegalTransition
from cms.library.models import CoursePage, CourseVersion, VersionFile
from foundation.api import announce, record_audit_entry


@transaction.atomic
def publish_version(course: CoursePage, *, actor: Any, notes: str = "") -> CourseVersion:
    """Freeze the latest revision as the next version and put the page live.

    Not asked for by people directly: an approval calls it. The same content again is the version that exists already.

    Raises IllegalTransition where the course is not approved, ContentWithoutIds for content that progress could not refer to.
    """
    course = CoursePage.objects.select_for_update().get(pk=course.pk)
    if course.review_state != ReviewState.LIVE:
        raise IllegalTransition("not_approved", course.review_state)
    revision = course.get_latest_revision() or course.save_revision(user=actor, clean=False)
    manifest = manifest_of(revision.as_object())
    digest = hash_of(manifest)
    newest = course.versions.order_by("-number").first()
    revision.publish(user=actor, log_action=False, skip_permission_checks=True)
    if newest is not None and newest.content_hash == digest:
        return newest
    version = CourseVersion.objects.create(
        course=course,
        number=newest.number + 1 if newest else 1,
        revision=revision,
        manifest=manifest,
        content_hash=digest,
        notes=notes,
        published_by_uuid=getattr(actor, "uuid", None),
    )
    VersionFile.objects.bulk_create([VersionFile(version=version, document_id=pk) for pk in sorted(document_ids(manifest))])
    record_audit_entry("library.publish", actor=actor, about=course, data={"version": version.number, "hash": digest})
    announce(CoursePublished(course_id=course.pk, version_id=version.pk))
    return version
