"""Canonical definitions: what activities are called, by all that was said about them so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from learning.xapi.models import ActivityDefinition
from learning.xapi.reading import activity_key

BATCH = 500


@dataclass(slots=True, frozen=True)
class Described:
    """What a statement says about an activity: fingerprint, id, definition, and the digest of the definition."""

    key: str
    iri: str
    definition: dict[str, Any]
    digest: str


def described(iri: str, definition: dict[str, Any]) -> Described:
    """A definition with what it is found and compared by."""
    return Described(activity_key(iri), iri, definition, _digest(definition))


def describe(said: Iterable[Described]) -> None:
    """Lay what was said about activities over what is known of them, in the given order.

    Most batches say what was said last about each activity, and then only read digests (one query); the others lock what they change, in
    the order of the fingerprints, so that two writers never wait for each other.
    """
    found = _together(said)
    if not found:
        return
    known = _digests(list(found))
    changing = sorted(key for key, item in found.items() if known.get(key) != item.digest)
    if not changing:
        return
    new = [ActivityDefinition(key=key, iri=found[key].iri) for key in changing if key not in known]
    ActivityDefinition.objects.bulk_create(new, ignore_conflicts=True)
    rows = list(ActivityDefinition.objects.select_for_update().filter(key__in=changing).order_by("key"))
    for row in rows:
        row.said = found[row.key].digest
        row.definition = laid_over(row.definition, found[row.key].definition)
    ActivityDefinition.objects.bulk_update(rows, ["definition", "said"], batch_size=BATCH)


def _digests(keys: list[str]) -> dict[str, str]:
    """The digests of what was said last about activities. One query; an array on PostgreSQL, because hundreds of parameters take time."""
    if connection.vendor != "postgresql":
        return dict(ActivityDefinition.objects.filter(key__in=keys).values_list("key", "said"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, said FROM learning_activitydefinition WHERE key = ANY(%s)", [keys])
        return dict(cursor.fetchall())


def _together(said: Iterable[Described]) -> dict[str, Described]:
    """What is said about each activity in all: later words over earlier ones."""
    found: dict[str, Described] = {}
    for item in said:
        before = found.get(item.key)
        if before is None:
            found[item.key] = item
        elif before is not item and before.digest != item.digest:
            found[item.key] = described(item.iri, laid_over(before.definition, item.definition))
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
