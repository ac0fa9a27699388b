"""Facts about the signed-in person for every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def people(request: HttpRequest) -> dict[str, Any]:
    """The roles held and the one acted in; no query for visitors, at most one for people."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"memberships": (), "acting_membership": None}
    chosen = user.acting_membership_id
    return {
        "memberships": user.held_roles,
        "acting_membership": next((held for held in user.held_roles if held.membership_id == chosen), None),
    }
