"""What every request passes: an id, a content policy, input without NUL, and no shared caching of personal pages."""

from __future__ import annotations

import logging
import re
import traceback
import uuid
from collections.abc import Callable

from csp.constants import SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.datastructures import MultiValueDictKeyError

from foundation.audit.context import audit_context
from foundation.http.address import client_address
from foundation.http.views import bad_request, error_page
from foundation.keys.exceptions import KeyDestroyed, SealingProblem
from foundation.keys.sealing import keys_at_hand

GetResponse = Callable[[HttpRequest], HttpResponse]
logger = logging.getLogger(__name__)
SAFE_REQUEST_ID = re.compile(r"^[0-9A-Za-z-]{8,40}$")


class RequestIdMiddleware:
    """Give each request an id that is in the answer, in every log line and in every audit entry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        request_id = offered if SAFE_REQUEST_ID.match(offered) else uuid.uuid4().hex
        with audit_context(request_id=request_id, address=client_address(request), acting_role="", acting_institution=""):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        response.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        return response


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The strict policy everywhere; Wagtail's admin, whose own pages carry inline styles and a few inline scripts, alone gets more."""

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith("/cms/"):
            parts.update = {
                **(parts.update or {}),
                "script-src": [UNSAFE_INLINE],
                "style-src": [UNSAFE_INLINE],
                "frame-ancestors": [SELF],
                "img-src": ["blob:"],
            }
        return parts


class SealedContentMiddleware:
    """The keys of one request are unwrapped once. What cannot be unsealed is said, not guessed: 410 where the person was erased, 503 where the
    operator has to look (a master key is missing, a seal is broken), which the log names.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with keys_at_hand():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """For seals alone."""
        if isinstance(exception, KeyDestroyed):
            return error_page(request, 410, {"erased": True})
        if isinstance(exception, SealingProblem):
            logger.error("Sealed content cannot be read: %s %s", type(exception).__name__, exception)
            return error_page(request, 503)
        return None


class CleanInputMiddleware:
    """NUL is in no text of ours: an address with it does not exist, a query string is read without it (PostgreSQL refuses it anyway)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            request.path_info = request.path_info.replace("\x00", "\ufffd")
        if "%00" in request.META.get("QUERY_STRING", ""):
            query = request.GET.copy()
            for name in list(query):
                query.setlist(name, [value.replace("\x00", "") for value in query.getlist(name)])
            query._mutable = False
            request.GET = query  # type: ignore[assignment]
        return self.get_response(request)


class CallerLanguageMiddleware:
    """Programs have one address for every language: what they call answers in the language that they accept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            translation.activate(translation.get_language_from_request(request))
            request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]
        return self.get_response(request)


class PersonalPagesMiddleware:
    """What a signed-in person sees is kept by nobody else: no shared cache, no copy after signing out on a shared computer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response


class MalformedEditorFormMiddleware:
    """Wagtail reads some hidden fields of its own forms without asking whether they came; a form made by hand then fails inside Wagtail.

    The sender's mistake is answered as one (400, input lost by nobody: there was no form) and still logged with its trace. Failures in
    our own code, and on reading, stay server errors.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """400 where a POST below /cms/ failed in Wagtail's own reading of it."""
        if request.method != "POST" or not request.path.startswith("/cms/"):
            return None
        if not isinstance(exception, (MultiValueDictKeyError, AttributeError, ValueError, TypeError)) or not _inside_wagtail(exception):
            return None
        logger.warning("malformed form at %s", request.path, exc_info=exception)
        return bad_request(request, exception)


def _inside_wagtail(exception: Exception) -> bool:
    """Whether the innermost frame that is not Django's belongs to Wagtail or one of its form libraries."""
    modules = [frame.f_globals.get("__name__", "") for frame, _line in traceback.walk_tb(exception.__traceback__)]
    own = [name for name in modules if not name.startswith("django.")]
    return bool(own) and own[-1].startswith(("wagtail.", "modelcluster."))
