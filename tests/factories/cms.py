"""The smallest valid schools and courses, made by the library's own actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cms.api import CourseFacts, CoursePage, SchoolPage, SharingScope, create_course, create_home, set_body
from cms.library.actions.versions import publish_version
from cms.library.enums import ReviewState
from identity.api import Institution, onboard_institution
from tests.factories.identity import UserFactory


def school(code: str = "AAA", name: str = "甲学院") -> SchoolPage:
    """A school with its page, below the home page."""
    create_home(title="江澜")
    known = Institution.objects.filter(code=code).first()
    institution = known or onboard_institution(code=code, name_zh=name, name_en=f"School {code}", kind="higher", actor=None)
    return SchoolPage.objects.get(institution=institution)


def body(*units: tuple[str, str]) -> list[dict[str, Any]]:
    """Raw stream data of one section with text units; ids at every level."""
    rows = [
        {"type": "item", "id": f"unit-{at}", "value": {"title": title, "minutes": 10, "required": True, "sample": at == 0,
         "content": [{"type": "text", "id": f"text-{at}", "value": text}]}}
        for at, (title, text) in enumerate(units)
    ]  # fmt: skip
    return [{"type": "section", "id": "section-0", "value": {"title": "第一章", "summary": "", "units": rows}}]


def course(
    page: SchoolPage | None = None,
    *,
    code: str = "AAA-C1",
    title: str = "护理入门",
    scope: int = SharingScope.PUBLIC,
    live: bool = True,
    **facts: Any,
) -> CoursePage:
    """A course, published at a scope unless ``live`` is False. The review is taken as passed."""
    page = page or school()
    actor = UserFactory()
    row = create_course(page, facts=CourseFacts(code=code, title_zh=title, notional_hours=Decimal(16), **facts), actor=actor)
    row = set_body(row, sections=body(("洗手", "<p>七步洗手法</p>"), ("核对", "<p>三查八对</p>")), actor=actor)
    CoursePage.objects.filter(pk=row.pk).update(preview_scope=scope, read_scope=scope, adopt_scope=scope)
    row = CoursePage.objects.get(pk=row.pk)
    if live:
        CoursePage.objects.filter(pk=row.pk).update(review_state=ReviewState.LIVE)
        publish_version(CoursePage.objects.get(pk=row.pk), actor=actor)
    return CoursePage.objects.get(pk=row.pk)
