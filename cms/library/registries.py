"""What higher apps tell the library, filled in their ``AppConfig.ready``; the library knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BlockSnapshot = Callable[[Any], dict[str, Any]]
AccessGrant = Callable[[Any], Any]

_snapshots: dict[str, BlockSnapshot] = {}
_public_forms: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
_grants: list[AccessGrant] = []


def register_block_snapshot(
    block_type: str, snapshot: BlockSnapshot, public_form: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> None:
    """How a block's raw value becomes the snapshot kept in a version, and what of it a learner's page may see."""
    _snapshots[block_type] = snapshot
    if public_form is not None:
        _public_forms[block_type] = public_form


def snapshot_of(block_type: str, value: Any) -> dict[str, Any]:
    """The snapshot of a block's value. Raises LookupError for a type nobody registered."""
    if block_type not in _snapshots:
        raise LookupError(f"No snapshot is registered for blocks of type {block_type!r}.")
    return _snapshots[block_type](value)


def public_form_of(block_type: str, snapshot: dict[str, Any]) -> dict[str, Any]:
    """The snapshot without what the server keeps to itself (quiz keys)."""
    form = _public_forms.get(block_type)
    return form(snapshot) if form else snapshot


def register_access_grant(grant: AccessGrant) -> None:
    """A further way to read a course: a function from a person to a queryset of course ids (a learner's runs, for one)."""
    if grant not in _grants:
        _grants.append(grant)


def access_grants() -> tuple[AccessGrant, ...]:
    """All registered grants."""
    return tuple(_grants)


_page_views: dict[str, Callable[..., Any]] = {}


def register_page_view(name: str, view: Callable[..., Any]) -> None:
    """A page model's ``serve`` belongs to the model, what it shows to a view above it; the views register themselves here."""
    _page_views[name] = view


def page_view(name: str) -> Callable[..., Any]:
    """The view of a kind of page."""
    return _page_views[name]
