"""The one policy: who may do what to which object.

A model's queryset answers ``visible_to(user)`` (which rows exist for this person); a predicate registered with ``@permission`` answers one
action on one row. ``access`` joins both and is the only way from an id in a request to an object: what is not visible is 404, what is
visible but not allowed is 403. There is no short cut for superusers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404

T = TypeVar("T", bound=models.Model)
Predicate = Callable[[Any, Any], bool]

LONGEST_IDENTIFIER = 255

_predicates: dict[tuple[type[models.Model], str], Predicate] = {}


class DuplicatePermissionError(RuntimeError):
    """Two predicates claim the same action of the same model."""


def permission(model: type[models.Model], action: str) -> Callable[[Predicate], Predicate]:
    """Register the predicate that decides one action on one model."""

    def register(predicate: Predicate) -> Predicate:
        known = _predicates.get((model, action))
        if known is not None and known.__qualname__ != predicate.__qualname__:
            raise DuplicatePermissionError(f"{model._meta.label} {action}")
        _predicates[model, action] = predicate
        return predicate

    return register


def registered_permissions() -> dict[tuple[type[models.Model], str], Predicate]:
    """A copy of the whole policy, for tests and the permission page."""
    return dict(_predicates)


def can(user: Any, action: str, obj: models.Model) -> bool:
    """Whether this person may do this to this object.

    Raises LookupError for an action nobody declared: a typing mistake must not turn into a silent no (or yes).
    """
    for cls in type(obj).__mro__:
        predicate = _predicates.get((cls, action))
        if predicate is not None:
            return bool(predicate(user, obj))
    raise LookupError(f"No permission {action!r} is declared for {type(obj).__name__}.")


def visible_to(user: Any, model: type[T]) -> models.QuerySet[T]:
    """The rows of a model that exist for this person."""
    return model._default_manager.all().visible_to(user)  # type: ignore[attr-defined,no-any-return]


def access(source: type[T] | models.QuerySet[T], ident: Any, *, user: Any, to: str = "view", field: str = "uuid") -> T:
    """From an id in a request to an object: 404 outside of what is visible, 403 where the action is not allowed.

    ``source`` is a model or an already narrowed queryset (a child is looked up through its parent); ``ident`` may be any text.
    """
    queryset = source.all() if isinstance(source, models.QuerySet) else source._default_manager.all()
    value = _clean_identifier(ident, field)
    obj = queryset.visible_to(user).filter(**{field: value}).first()  # type: ignore[attr-defined]
    if obj is None:
        raise Http404
    if not can(user, to, obj):
        raise PermissionDenied
    return obj  # type: ignore[no-any-return]


def _clean_identifier(ident: Any, field: str) -> Any:
    """The identifier as the column wants it; 404 for text that can be none."""
    if field == "uuid":
        try:
            return ident if isinstance(ident, UUID) else UUID(str(ident))
        except ValueError as error:
            raise Http404 from error
    if isinstance(ident, str) and ("\x00" in ident or len(ident) > LONGEST_IDENTIFIER):
        raise Http404
    return ident
