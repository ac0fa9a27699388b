"""Where everybody finds our public keys."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from foundation.keys.signing import published_keys


@require_safe
def key_set(request: HttpRequest) -> JsonResponse:
    """All public keys as a JWK Set; those of earlier years stay, so that old papers verify."""
    return JsonResponse(published_keys(), headers={"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"})
