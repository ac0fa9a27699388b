"""What institutions do when somebody is erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from identity.institutions.enums import PLAIN_ROLES
from identity.institutions.models import LearnerNumber, Membership
from identity.people.erasing import Eraser, Treatment, register_eraser
from identity.people.exporting import OFFICE, About, Exporter, register_exporter


def erase(person: Any, at: datetime) -> dict[str, int]:
    """Numbers go; what is left of memberships ends."""
    today = timezone.localdate(at)
    running = Membership.objects.active(on=today).filter(person=person)
    running.filter(starts_on__lt=today).update(ends_on=today - timedelta(days=1))
    Membership.objects.active(on=today).filter(person=person).delete()
    return {"learner_numbers": LearnerNumber.objects.filter(person=person).delete()[0]}


def obstacles(person: Any) -> list[str]:
    """Somebody who works for an institution first hands that over."""
    held = Membership.objects.active(on=timezone.localdate()).filter(person=person).exclude(role__in=PLAIN_ROLES)
    return [
        _("You hold a role at %(institution)s; it has to end first.") % {"institution": row.institution.name}
        for row in held.select_related("institution")
    ]


register_eraser(
    Eraser(
        part="identity.institutions",
        order=1,
        erase=erase,
        obstacles=obstacles,
        treats={
            "identity.Membership": Treatment.PSEUDONYM, "identity.LearnerNumber": Treatment.DELETED, "identity.ApiToken": Treatment.PSEUDONYM,
            "identity.AllianceMember": Treatment.PSEUDONYM,
        },
    )
)  # fmt: skip
register_exporter(
    Exporter(
        part="identity.institutions",
        gives=(About("identity.Membership", of=("person",)), About("identity.LearnerNumber", of=("person",))),
        left_out={"identity.ApiToken": OFFICE, "identity.AllianceMember": OFFICE},
    )
)
