"""The HTTP API object: routers of the apps, errors as problem+json, and documentation that works offline."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from cms import rest as cms
from config.docs import OfflineDocs
from config.wording import complaint_of
from creditbank import rest as creditbank
from foundation import rest as foundation
from foundation.api import Problem, problem_response

FIRST_ERROR, HTTP_FORBIDDEN = 400, 403
MOST_COMPLAINTS = 100


class CleanParser(Parser):
    """Reads what is sent; text loses what no database keeps: NUL and halves of characters."""

    def parse_body(self, request: HttpRequest) -> Any:
        return _clean(super().parse_body(request))

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        return _clean(super().parse_querydict(data, list_fields, request))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return text if text.isascii() else text.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


class DescribedAPI(NinjaAPI):
    """An API whose description says the media type that its errors really have."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        self._described: dict[str, Any] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> Any:
        """Worked out once for each prefix, since it takes most of a second and anybody may ask; read it, do not change it."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._described:
            self._described[prefix] = self._describe(prefix)
        return self._described[prefix]

    def _describe(self, prefix: str) -> Any:
        schema = super().get_openapi_schema(path_prefix=prefix)
        for methods in schema["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= FIRST_ERROR and "application/json" in answer.get("content", {}):
                        answer["content"] = {"application/problem+json": answer["content"].pop("application/json")}
        return schema


api = DescribedAPI(
    title="Jianglan Lifelong Learning and Credit Bank",
    version="1.0.0",
    description=(
        "Courses of the shared library, and the credit bank: rules, conversion, accounts, applications, results. Errors are problem+json (RFC 9457);"
        " lists are paged by cursor. People use the session of the site; an institution's systems send a bearer token with its scopes."
        " What must not happen twice takes an Idempotency-Key."
    ),
    urls_namespace="api-v1",
    docs=OfflineDocs(),
    parser=CleanParser(),
)
api.add_router("", cms.router)
api.add_router("", creditbank.router)
api.add_router("", foundation.router)


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
    fields = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "code": str(item["type"]), "message": complaint_of(item)}
        for item in error.errors[:MOST_COMPLAINTS]
    ]
    return problem_response(request, Problem(422, "invalid", _("Some values are not valid."), errors=fields))


@api.exception_handler(HttpError)
def on_refused(request: HttpRequest, error: Any) -> HttpResponse:
    """What the framework itself refuses: a body that is no JSON, a request from another site."""
    code = "other_site" if error.status_code == HTTP_FORBIDDEN else "unreadable"
    title = _("You may not do this here.") if error.status_code == HTTP_FORBIDDEN else _("The request cannot be read.")
    return problem_response(request, Problem(error.status_code, code, title, str(error)))
