"""A retry is safe: the same key from the same caller at the same endpoint has one effect and one answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Schema

from foundation.http.models import IdempotencyKey
from foundation.http.problems import Problem

Answer = tuple[int, Any]
KEPT = timedelta(days=2)
"""So long a retry may come; a stored answer repeats what its caller read, and is not kept for longer."""


def request_hash(body: Any) -> str:
    """A hash of what was asked for; field order does not matter."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def answer_once(*, principal: str, endpoint: str, key: str, body: Any, work: Callable[[], Answer]) -> Answer:
    """Do ``work`` once and keep its answer; the same key again returns that answer without doing anything.

    Key, work and answer are one transaction, so a crash in between leaves none of them. A concurrent twin waits for the first at the
    unique row and then gets its answer. Raises Problem 422 where the same key comes with another request.
    """
    wanted = request_hash(body)
    row, created = IdempotencyKey.objects.get_or_create(
        principal=principal, endpoint=endpoint, key=key[:200], defaults={"request_hash": wanted}
    )
    if not created:
        row = IdempotencyKey.objects.select_for_update().get(pk=row.pk)
        if row.request_hash != wanted:
            raise Problem(422, "idempotency_key_reused", _("This idempotency key was used for another request."))
        if row.status is not None:
            return row.status, row.body
    status, answer = work()
    row.status, row.body = status, answer
    row.save(update_fields=["status", "body"])
    return status, answer


def answer_again(request: HttpRequest, key: str | None, body: Schema | Mapping[str, Any] | None, work: Callable[[], Answer]) -> Answer:
    """``answer_once`` for a step of whoever calls: the endpoint is the address, and without a key the step is simply taken.

    The caller is known (a person signed in, or a token), and the address is that of something they may see. ``body`` is what was asked for; of
    a file, its hash. Raises what ``work`` and ``answer_once`` raise.
    """
    if key is None:
        return work()
    caller = getattr(request.user, "uuid", None) or request.auth.uuid  # type: ignore[attr-defined]
    said = body.model_dump(mode="json") if isinstance(body, Schema) else body
    return answer_once(principal=str(caller), endpoint=request.path[-120:], key=key, body=said, work=work)


def forget_old_answers(*, at: datetime) -> int:
    """Delete keys and answers that no retry can want any more; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=at - KEPT).delete()[0]
