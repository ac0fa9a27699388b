"""The HTTP API object: routers of the apps, errors as problem+json, and documentation that works offline."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from cms import rest as cms
from config.docs import OfflineDocs
from foundation.api import Problem, problem_response

api = NinjaAPI(
    title="Jianglan Lifelong Learning and Credit Bank",
    version="1.0.0",
    description="Courses of the shared library for schools and the public. Errors are problem+json (RFC 9457); lists are paged by cursor.",
    urls_namespace="api-v1",
    docs=OfflineDocs(),
)
api.add_router("", cms.router)


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, error: Any) -> HttpResponse:
    """A problem that an action or query raised."""
    return problem_response(request, error)


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Any) -> HttpResponse:
    """404."""
    return problem_response(request, Problem(404, "not_found", _("There is nothing at this address.")))


@api.exception_handler(PermissionDenied)
def on_denied(request: HttpRequest, error: Any) -> HttpResponse:
    """403."""
    return problem_response(request, Problem(403, "forbidden", _("You may not do this here.")))


@api.exception_handler(AuthenticationError)
def on_anonymous(request: HttpRequest, error: Any) -> HttpResponse:
    """401."""
    return problem_response(request, Problem(401, "unauthenticated", _("Please sign in, or send a valid token.")))


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """422, with every field that is wrong."""
    fields = [{"field": ".".join(str(part) for part in item["loc"][1:]), "message": str(item["msg"])} for item in error.errors]
    return problem_response(request, Problem(422, "invalid", _("Some values are not valid."), errors=fields))
