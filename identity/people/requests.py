"""The type of a request behind ``login_required``."""

from __future__ import annotations

from django.http import HttpRequest

from identity.people.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is a person, not an anonymous visitor."""

    user: User
