"""What every route of the HTTP API shares: how an error looks, and that a misspelt parameter is one."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page
from ninja import Header, Schema
from ninja.decorators import decorate_view

from foundation.http.problems import Problem


class ProblemOut(Schema):
    """An error, as RFC 9457 has it."""

    type: str
    status: int
    code: str
    title: str
    detail: str = ""
    instance: str = ""
    request_id: str = ""


READ_PROBLEMS: dict[Any, Any] = {400: ProblemOut, 404: ProblemOut, 422: ProblemOut, 429: ProblemOut}
"""What reading may answer besides 200."""
PRIVATE_PROBLEMS: dict[Any, Any] = {**READ_PROBLEMS, 401: ProblemOut, 403: ProblemOut}
"""The same where one has to say who one is."""
WRITE_PROBLEMS: dict[Any, Any] = {**PRIVATE_PROBLEMS, 409: ProblemOut, 503: ProblemOut}
"""The same where something changes: a step that is not possible now, or a ledger that stands still."""
UNCHANGED: dict[Any, Any] = {304: None}
"""What else an operation ``with_etag`` answers."""

OnceKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""The key that a caller sends with what must not happen twice; goes to ``answer_once``."""
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""The key that a caller may send with a step, so that after a lost answer the same call answers as before; goes to ``answer_again``."""


def with_etag(operation: Any) -> Any:
    """Give the answer of a GET an ETag; a caller that sends it back in If-None-Match gets 304 and no body."""
    return decorate_view(conditional_page)(operation)


def file_content(*media_types: str) -> dict[str, Any]:
    """What the description says of an operation that answers with a file."""
    bytes_ = {"type": "string", "format": "binary"}
    content = {kind: {"schema": {} if kind.endswith("json") else bytes_} for kind in media_types}
    return {"responses": {200: {"description": "The file", "content": content}}}


def file_answer(content: bytes, media_type: str, name: str) -> HttpResponse:
    """A file to keep: under our own name, never guessed at, never run."""
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


def as_stored(schema: type[Schema], answer: Any) -> dict[str, Any]:
    """An answer as JSON keeps it, so that a repeated answer is the same."""
    return schema.model_validate(answer).model_dump(mode="json")


def only_known(request: HttpRequest, question: Schema) -> None:
    """A parameter that is misspelt would silently widen the answer, so it is refused by name. Raises Problem 422."""
    unknown = sorted(set(request.GET) - set(type(question).model_fields))
    if unknown:
        errors = [{"field": name[:60], "message": "unknown"} for name in unknown[:10]]
        raise Problem(422, "invalid", _("Some values are not valid."), errors=errors)
