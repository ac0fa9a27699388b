"""The role a person acts in during this session, and the language a person chose."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from foundation.api import audit_context

SESSION_KEY = "acting_membership"


class ActingMembershipMiddleware:
    """Who holds several memberships acts in one chosen one; a membership that has ended is nobody's any more at the next request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY not in request.session or not request.user.is_authenticated:
            return self.get_response(request)
        chosen = next((held for held in request.user.held_roles if held.membership_id == request.session[SESSION_KEY]), None)
        if chosen is None:
            return self.get_response(request)
        request.user.acting_membership_id = chosen.membership_id
        with audit_context(acting_role=chosen.role, acting_institution=chosen.institution_code):
            return self.get_response(request)
