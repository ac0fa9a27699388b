"""Canonical definitions: what activities are called, by all that was said about them so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from learning.xapi.models import ActivityDefinition
from learning.xapi.reading import activity_key

BATCH = 500


def describe(pairs: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Lay what was said about activities over what is known of them, in the given order.

    Most batches say what was said last about each activity, and then only read digests (one query); the others lock what they change, in
    the order of the fingerprints, so that two writers never wait for each other.
    """
    found = _together(pairs)
    if not found:
        return
    by_key = {activity_key(iri): (iri, definition, _digest(definition)) for iri, definition in found.items()}
    known = dict(ActivityDefinition.objects.filter(key__in=list(by_key)).values_list("key", "said"))
    changing = sorted(key for key, (_iri, _definition, digest) in by_key.items() if known.get(key) != digest)
    if not changing:
        return
    new = [ActivityDefinition(key=key, iri=by_key[key][0]) for key in changing if key not in known]
    ActivityDefinition.objects.bulk_create(new, ignore_conflicts=True)
    rows = list(ActivityDefinition.objects.select_for_update().filter(key__in=changing).order_by("key"))
    for row in rows:
        _iri, definition, row.said = by_key[row.key]
        row.definition = laid_over(row.definition, definition)
    ActivityDefinition.objects.bulk_update(rows, ["definition", "said"], batch_size=BATCH)


def _together(pairs: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What is said about each activity in all: later words over earlier ones."""
    found: dict[str, dict[str, Any]] = {}
    for iri, definition in pairs:
        before = found.get(iri)
        found[iri] = definition if before is None or before is definition or before == definition else laid_over(before, definition)
    return found


def laid_over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A later definition over an earlier one: texts language by language, extensions by id, the rest whole."""
    merged = {**old, **new}
    for name in ("name", "description", "extensions"):
        if name in old and name in new:
            merged[name] = {**old[name], **new[name]}
    return merged


def _digest(definition: dict[str, Any]) -> str:
    try:
        text = msgspec.json.encode(definition, order="sorted")
    except OverflowError:
        text = repr(definition).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]
