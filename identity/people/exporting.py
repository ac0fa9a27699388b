"""What the product knows of a person, for that person: the registry that every part fills, and the rows that it gives.

A part says of each of its models that hold something personal which rows are about a person, or why none is given out. ``people`` knows no
other part; identity registers for foundation. A model that says "Personal data:" and of which no part says anything fails the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q

NAMES = ("code", "reference", "number", "uuid")
"""By which of its columns a row names another one; the first that there is."""
OFFICE = "What somebody does in an office is part of that institution's record, and says nothing about the person beyond it."


@dataclass(frozen=True)
class About:
    """Rows of a model that are about a person.

    ``of`` are ways from a row to the person, one of which must lead there: a way that ends in ``uuid`` meets the pseudonym, any other the
    row of the person. ``rows`` asks in another way. ``hidden`` columns stay out: secrets, and what belongs to somebody else.
    """

    model: str
    of: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    rows: Callable[[Any], models.QuerySet[Any]] | None = None

    def queryset(self, person: Any) -> models.QuerySet[Any]:
        """The rows, oldest first, with the rows that they name."""
        model = apps.get_model(self.model)
        if self.rows is not None:
            found = self.rows(person)
        else:
            wanted = Q()
            for way in self.of:
                wanted |= Q(**{way: person.uuid if way.endswith("uuid") else person})
            found = model._default_manager.filter(wanted)
        named = [one.name for one in self.columns() if one.is_relation]
        return found.select_related(*named).order_by("pk") if named else found.order_by("pk")

    def columns(self) -> list[models.Field[Any, Any]]:
        """What is given of a row: its own columns, without hidden ones, inner numbers, files (which lie beside) and what the database derives."""
        fields = apps.get_model(self.model)._meta.concrete_fields
        return [one for one in fields if not one.primary_key and one.name not in self.hidden and not isinstance(one, _NOT_GIVEN)]


_NOT_GIVEN = (models.FileField, models.GeneratedField, models.BinaryField)


@dataclass(frozen=True)
class PersonFile:
    """A file of a person: its name beside the tables, and how its content is read."""

    name: str
    read: Callable[[], bytes]


def safe_name(name: str) -> str:
    """A file name that somebody typed, as it may stand in an archive: no folders, no dots in front, nothing that cannot be written."""
    kept = "".join(letter if letter.isalnum() or letter in "-_. ()（）" else "_" for letter in name[-80:])
    return kept.lstrip(". ") or "file"


@dataclass(frozen=True)
class Exporter:
    """What one part gives. ``left_out`` maps the label of a model to why nothing of it is given."""

    part: str
    gives: tuple[About, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[Any], Iterable[PersonFile]] = lambda _person: ()


_exporters: dict[str, Exporter] = {}


def register_exporter(exporter: Exporter) -> None:
    """Called once by each part when the apps are ready."""
    _exporters[exporter.part] = exporter


def registered_exporters() -> tuple[Exporter, ...]:
    """All of them, by part."""
    return tuple(_exporters[part] for part in sorted(_exporters))


@dataclass(frozen=True)
class PersonTable:
    """The rows of one model about a person: its label, name and headings in the language of the moment, and the rows by column."""

    label: str
    title: str
    headings: tuple[tuple[str, str], ...]
    rows: tuple[dict[str, Any], ...]


def tables_of(person: Any) -> Iterator[PersonTable]:
    """Every table that has something about a person, part by part; as many queries as there are models."""
    for exporter in registered_exporters():
        for about in exporter.gives:
            columns = about.columns()
            rows = tuple({one.name: _value(row, one) for one in columns} for row in about.queryset(person).iterator(chunk_size=500))
            if rows:
                meta = apps.get_model(about.model)._meta
                headings = tuple((one.name, str(one.verbose_name)) for one in columns)
                yield PersonTable(about.model, str(meta.verbose_name_plural), headings, rows)


def files_of(person: Any) -> Iterator[PersonFile]:
    """Every file of a person, part by part."""
    for exporter in registered_exporters():
        yield from exporter.files(person)


def _value(row: Any, column: models.Field[Any, Any]) -> Any:
    """One value as JSON has it: amounts as exact text, days and moments as ISO 8601, a row by what names it (a person by the pseudonym)."""
    value = getattr(row, column.name)
    if isinstance(value, models.Model):
        return next((str(getattr(value, name)) for name in _names_of(value) if getattr(value, name, None)), str(value.pk))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value if value is None or isinstance(value, (str, bool, int, float, list, dict)) else str(value)


def _names_of(row: models.Model) -> tuple[str, ...]:
    return ("uuid",) if row._meta.label == "identity.User" else NAMES
