"""The credit bank."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class CreditbankConfig(AppConfig):
    """Rules, accounts, applications, papers; see the parts."""

    name = "creditbank"
    verbose_name = _("credit bank")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The parts register themselves once the models are loaded.
        from creditbank.agreements import erasing as agreements_erasing  # noqa: F401, PLC0415
        from creditbank.agreements import handlers as agreement_handlers  # noqa: F401, PLC0415
        from creditbank.agreements import permissions as agreements  # noqa: F401, PLC0415
        from creditbank.agreements.editions import drop_edition_triggers, install_edition_triggers  # noqa: PLC0415
        from creditbank.catalogue import erasing as catalogue_erasing  # noqa: F401, PLC0415
        from creditbank.catalogue import permissions as catalogue  # noqa: F401, PLC0415
        from creditbank.ledger import erasing as ledger_erasing  # noqa: F401, PLC0415
        from creditbank.ledger import exporting as ledger_exporting  # noqa: F401, PLC0415
        from creditbank.ledger import handlers as ledger_handlers  # noqa: F401, PLC0415
        from creditbank.ledger import permissions as ledger  # noqa: F401, PLC0415
        from creditbank.ledger import sealing as ledger_sealing  # noqa: F401, PLC0415
        from creditbank.ledger.triggers import drop_lot_trigger, install_lot_trigger  # noqa: PLC0415
        from creditbank.recognition import checks, correction_handlers, erasing, handlers  # noqa: F401, PLC0415
        from creditbank.recognition import exporting as recognition_exporting  # noqa: F401, PLC0415
        from creditbank.recognition import permissions as recognition  # noqa: F401, PLC0415
        from creditbank.results import erasing as results_erasing  # noqa: F401, PLC0415
        from creditbank.results import exporting as results_exporting  # noqa: F401, PLC0415
        from creditbank.results import handlers as results_handlers  # noqa: F401, PLC0415
        from creditbank.results import permissions as results  # noqa: F401, PLC0415
        from creditbank.simulation import erasing as simulation_erasing  # noqa: F401, PLC0415
        from creditbank.simulation import handlers as simulation_handlers  # noqa: F401, PLC0415
        from creditbank.simulation import permissions as simulation  # noqa: F401, PLC0415
        from creditbank.statements import erasing as statement_erasing  # noqa: F401, PLC0415
        from creditbank.statements import exporting as statement_exporting  # noqa: F401, PLC0415
        from creditbank.statements import handlers as statement_handlers  # noqa: F401, PLC0415
        from creditbank.statements import permissions as statements  # noqa: F401, PLC0415

        pre_migrate.connect(drop_lot_trigger, sender=self, dispatch_uid="creditbank.drop_lot_trigger")
        post_migrate.connect(install_lot_trigger, sender=self, dispatch_uid="creditbank.install_lot_trigger")
        pre_migrate.connect(drop_edition_triggers, sender=self, dispatch_uid="creditbank.drop_edition_triggers")
        post_migrate.connect(install_edition_triggers, sender=self, dispatch_uid="creditbank.install_edition_triggers")
