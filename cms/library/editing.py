"""The form in which Wagtail edits a course."""

from __future__ import annotations

from typing import Any

from wagtail.admin.forms import WagtailAdminPageForm


class CourseForm(WagtailAdminPageForm):
    """Gives a new course the school whose page it stands below; nobody types it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent: Any = self.parent_page.specific if self.parent_page is not None else None
        if not self.instance.institution_id and hasattr(parent, "institution_id"):
            self.instance.institution_id = parent.institution_id
