"""A column of text that is stored sealed under the key of the person whom it is about."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from foundation.keys.exceptions import KeyDestroyed
from foundation.keys.sealing import is_sealed, seal_text, unseal_text

ERASED = _("[erased]")


class Sealed(str):
    """A text as it goes into the column. Nothing else is let into it."""

    __slots__ = ()


class _Unsealing(DeferredAttribute):
    """Unseals where somebody really reads the text: a list that does not show it asks for no key."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        stored = instance.__dict__.get(self.field.attname, self)
        if stored is self:
            stored = super().__get__(instance, cls)
        if not isinstance(stored, str) or not is_sealed(stored):
            return stored
        try:
            return unseal_text(cast("SealedTextField", self.field).purpose, stored)
        except KeyDestroyed:
            return str(ERASED)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedTextField(models.TextField[str, str]):
    """``owner`` is the way from the row to the pseudonym of the person whom the text is about (``application.learner.uuid``).

    Sealed when the row is saved; ``update()`` and ``bulk_update()`` refuse it, because they know no row. It is not for searching or sorting. A row
    without an owner, and an empty text, are stored as they are. After the person was erased it reads as "[erased]".
    """

    descriptor_class = _Unsealing

    def __init__(self, *args: Any, owner: str = "", **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "foundation.api.SealedTextField", args, {**kwargs, "owner": self.owner}

    @property
    def purpose(self) -> str:
        """What a value is for: this column, no other."""
        return f"{self.model._meta.label_lower}.{self.attname}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        stored = model_instance.__dict__.get(self.attname)
        if stored and not is_sealed(stored):
            owner = self._owner_of(model_instance)
            stored = self._seal(owner, stored) if owner is not None else stored
            model_instance.__dict__[self.attname] = stored
        return Sealed(stored) if isinstance(stored, str) else stored

    def _seal(self, owner: UUID, text: str) -> str:
        """Of a person who was erased nothing more is written down."""
        try:
            return seal_text(owner, self.purpose, text)
        except KeyDestroyed:
            return str(ERASED)

    def _owner_of(self, row: models.Model) -> UUID | None:
        found: Any = row
        for name in self.owner.split("."):
            found = getattr(found, name, None)
        return found if isinstance(found, UUID) else None

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value and not isinstance(value, Sealed):
            raise TypeError(f"{self.purpose} is sealed when its row is saved, not by update()")
        return super().get_db_prep_save(str(value) if value is not None else None, connection)
