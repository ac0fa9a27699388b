"""What every route of the HTTP API shares: how an error looks, and that a misspelt parameter is one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema

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


def only_known(request: HttpRequest, question: Schema) -> None:
    """A parameter that is misspelt would silently widen the answer, so it is refused by name. Raises Problem 422."""
    unknown = sorted(set(request.GET) - set(type(question).model_fields))
    if unknown:
        errors = [{"field": name[:60], "message": "unknown"} for name in unknown[:10]]
        raise Problem(422, "invalid", _("Some values are not valid."), errors=errors)
