"""The form in which Wagtail edits a course."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.locks import BaseLock


class CourseForm(WagtailAdminPageForm):
    """Gives a new course the school whose page it stands below; nobody types it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent: Any = self.parent_page.specific if self.parent_page is not None else None
        if not self.instance.institution_id and hasattr(parent, "institution_id"):
            self.instance.institution_id = parent.institution_id


class UnderReviewLock(BaseLock):  # type: ignore[misc]
    """While a course is with the school's approver or the library's reviewer, nobody changes what they read."""

    def for_user(self, user: Any) -> bool:
        return True

    def get_message(self, user: Any) -> str:
        return _("This course is being reviewed. It can be changed again once it has been published or sent back.")

    def get_locked_by(self, user: Any) -> str:
        return _("under review")
