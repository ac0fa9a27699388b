"""Entering the editors' desk: Wagtail's groups follow the memberships of today."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cms.library.actions import mirror_memberships


class EditorGroupsMiddleware:
    """A membership that ended or began with a day announced nothing; whoever enters the desk gets the groups of today first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/cms/") and request.user.is_authenticated:
            mirror_memberships(request.user)
        return self.get_response(request)
