"""Error pages, and whether the service is alive. Errors below ``/api/`` and ``/xapi/`` are problem+json."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext_lazy as _

from foundation.audit.context import current_context
from foundation.http.problems import Problem, problem_response

MACHINE_PATHS = ("/api/", "/xapi/", "/oai/")
TITLES = {
    400: _("The request could not be understood."),
    403: _("You may not do this here."),
    404: _("There is nothing at this address."),
    410: _("This has been withdrawn."),
    429: _("Too many requests. Please wait a moment."),
    500: _("Something went wrong on our side."),
    503: _("This cannot be read at the moment."),
}


def error_page(request: HttpRequest, status: int, context: dict[str, object] | None = None) -> HttpResponse:
    """The page of an error, in the reader's language, with a reference number that the log knows too."""
    if request.path.startswith(MACHINE_PATHS):
        return problem_response(request, Problem(status, HTTPStatus(status).name.lower(), str(TITLES[status])))
    reference = current_context().request_id[:12]
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:  # needs neither database nor context processors
        body = loader.render_to_string("errors/500.html", {"reference": reference})
        return HttpResponse(body, status=status)
    return render(request, f"errors/{status}.html", {"reference": reference, **(context or {})}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, with the reason where the refusal carries one."""
    return error_page(request, 403, {"reason": str(exception) if exception and exception.args else ""})


def page_not_found(request: HttpRequest, exception: Exception | None = None, **_address: str) -> HttpResponse:
    """404, the same for what does not exist and for what is outside of one's scope."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or old: says to load the page again."""
    return error_page(request, 403, {"stale_form": True})


def gone(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """410 with what was here, since when it is gone and why."""
    return error_page(request, 410, context)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429."""
    return error_page(request, 429)


def health(request: HttpRequest) -> JsonResponse:
    """For the load balancer: ok, or 503 while the database does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
