"""Errors of the HTTP API as problem+json (RFC 9457), with the request id and in the caller's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext

from foundation.audit.context import current_context


class Problem(Exception):  # noqa: N818  the name of the format
    """An answer other than success, to be told as problem+json."""

    def __init__(self, status: int, code: str, title: Any, detail: Any = "", **extra: Any) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.extra = extra


def problem_response(request: HttpRequest, problem: Problem) -> JsonResponse:
    """The problem as an HTTP answer; ``code`` is stable, ``title`` and ``detail`` are for people."""
    body = {
        "type": f"/developers/problems/#{problem.code}",
        "status": problem.status,
        "code": problem.code,
        "title": str(problem.title),
        "detail": str(problem.detail),
        "instance": request.path,
        "request_id": current_context().request_id,
        **problem.extra,
    }
    return JsonResponse(body, status=problem.status, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False})


Refusals = Mapping[type[Exception], tuple[int, str, str]]
"""What a part refuses: exception → status, stable code, sentence (marked for translation)."""


@contextmanager
def refusals_told(refusals: Refusals, more: Callable[[Any], dict[str, Any]] = lambda _error: {}) -> Iterator[None]:
    """Tell a refusal raised inside as its problem, with what ``more`` says of it."""
    try:
        yield
    except tuple(refusals) as error:
        kind = next(kind for kind in type(error).__mro__ if kind in refusals)
        status, code, title = refusals[kind]
        raise Problem(status, code, gettext(title), **more(error)) from error
