"""Facts that every page may show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from foundation.audit.context import current_context


def site_facts(request: HttpRequest) -> dict[str, Any]:
    """Whether this is the demo, the site's address and the request id; no query."""
    return {"is_demo": settings.DEMO, "site_url": settings.SITE_URL, "request_id": current_context().request_id}
