"""The published profile; the store's own doors come with its HTTP interface."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from learning.xapi.profile import profile_document


@require_safe
def profile(request: HttpRequest) -> JsonResponse:
    """The profile as JSON-LD, for machines. No query."""
    return JsonResponse(profile_document(), content_type="application/ld+json", json_dumps_params={"ensure_ascii": False})
