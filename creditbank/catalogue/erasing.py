"""What the catalogue does when somebody is erased: it knows pseudonyms alone."""

from __future__ import annotations

from identity.api import Eraser, Treatment, register_eraser

register_eraser(
    Eraser(
        part="creditbank.catalogue", treats=dict.fromkeys(["creditbank.OutcomeVersion", "creditbank.CatalogueImport"], Treatment.PSEUDONYM)
    )
)
