"""What the catalogue does when somebody is erased: it knows pseudonyms alone."""

from __future__ import annotations

from identity.api import OFFICE, Eraser, Exporter, Treatment, register_eraser, register_exporter

register_eraser(
    Eraser(
        part="creditbank.catalogue", treats=dict.fromkeys(["creditbank.OutcomeVersion", "creditbank.CatalogueImport"], Treatment.PSEUDONYM)
    )
)
register_exporter(
    Exporter(part="creditbank.catalogue", left_out=dict.fromkeys(["creditbank.OutcomeVersion", "creditbank.CatalogueImport"], OFFICE))
)
