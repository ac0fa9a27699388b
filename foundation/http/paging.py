"""Cursor paging: the next page begins after the last row seen, so rows that arrive meanwhile neither repeat nor hide others."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, models
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


MOST_COUNTED = 1000
"""Beyond so many rows a list says "more than"; whoever looks for one row among them narrows the list."""


@dataclass(frozen=True)
class Stretch(Generic[T]):
    """One stretch of a list for a page: its rows, the markers of the stretches before and behind it ("" where there is none), and how many
    rows the whole list has (at most ``MOST_COUNTED``; ``has_more`` says that there are more than these)."""

    items: list[T]
    before: str
    after: str
    count: int
    has_more: bool


def stretch_of(queryset: models.QuerySet[T], given: Mapping[str, str], *, size: int, order: Sequence[str] = ("-id",)) -> Stretch[T]:
    """The stretch that an address asks for by ``after`` or ``before``, in a fixed order whose last field is unique. Two queries.

    The list may have any length: rows are found behind a row, never by counting those before it. A marker that is none of ours begins anew.
    """
    count = queryset.order_by()[: MOST_COUNTED + 1].count()
    facts: dict[str, Any] = {"count": min(count, MOST_COUNTED), "has_more": count > MOST_COUNTED}
    try:
        if before := given.get("before"):
            page = cursor_page(queryset, cursor=before, limit=size, order=[_turned(name) for name in order])
            items = page.items[::-1]
            if items:  # there is a row behind them: the one that was come from
                return Stretch(items, _encode(items[0], order) if page.next_cursor else "", _encode(items[-1], order), **facts)
        after = None if before else given.get("after")
        page = cursor_page(queryset, cursor=after, limit=size, order=order)
    except Problem:
        return stretch_of(queryset, {}, size=size, order=order)
    return Stretch(page.items, _encode(page.items[0], order) if after and page.items else "", page.next_cursor or "", **facts)


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def begins_with(column: str, text: str) -> Q:
    """Rows whose text in an indexed column begins so (the case counts), asked so that the index answers on either database."""
    if connection.vendor == "sqlite":  # its LIKE takes no index: case and escape stand in the way
        return Q(**{f"{column}__gte": text, f"{column}__lt": text + LAST_CHARACTER})
    return Q(**{f"{column}__startswith": text})


LAST_CHARACTER = "\U0010ffff"


def _after(order: Sequence[str], values: list[Any]) -> Q:
    """Rows behind the given one: (a, b) > (x, y) spelt out, because directions may differ by column.

    That a reaches x is said once more alone: an index begins there, and cannot begin at an alternative.
    """
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field, comparison = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    field, comparison = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return condition & Q(**{f"{field}__{comparison}": values[0]}) if len(order) > 1 else condition


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
