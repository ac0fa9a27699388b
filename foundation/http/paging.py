"""Cursor paging: the next page begins after the last row seen, so rows that arrive meanwhile neither repeat nor hide others."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.http.problems import Problem

T = TypeVar("T", bound=models.Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and where to go on; ``next_cursor`` is None at the end."""

    items: list[T]
    next_cursor: str | None


def cursor_page(queryset: models.QuerySet[T], *, cursor: str | None, limit: int, order: Sequence[str] = ("-id",)) -> Page[T]:
    """One page of a queryset in a fixed order whose last field is unique. One query.

    Raises Problem (400) for a cursor that is none of ours.
    """
    rows = queryset.order_by(*order)
    if cursor:
        try:
            rows = rows.filter(_after(order, _decode(cursor, len(order))))
            items = list(rows[: limit + 1])
        except (ValidationError, ValueError, TypeError) as error:
            raise Problem(400, "bad_cursor", _("This page marker is not valid."), _("Start again from the first page.")) from error
    else:
        items = list(rows[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return Page(items, _encode(items[-1], order) if more else None)


def _after(order: Sequence[str], values: list[Any]) -> Q:
    """Rows behind the given one: (a, b) > (x, y) spelt out, because directions may differ by column."""
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field, comparison = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    return condition


def _encode(row: models.Model, order: Sequence[str]) -> str:
    values = [str(getattr(row, name.lstrip("-"))) for name in order]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeError, RecursionError) as error:
        raise ValueError("cursor") from error
    if not isinstance(values, list) or len(values) != length or not all(isinstance(value, str) and "\x00" not in value for value in values):
        raise ValueError("cursor")
    return values
