"""Showing one's credit at a counter: a code that whoever scans it may look at for five minutes, and that says the balances and nothing else.

The code holds the person's pseudonym and its end under the product's own signature; nothing is stored when it is made, so it can be made
anew with every look at the page. Each look at what it shows is written to the audit log for the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import segno
from django.conf import settings
from django.core import signing
from django.db import transaction

from creditbank.statements.queries import Purse, purses
from foundation.api import AuditEntry, record_audit_entry
from identity.api import User, mask_name

SHOWN_FOR = timedelta(minutes=5)
LOOKED_AT = "credit.looked_at"
_SIGNER = signing.Signer(salt="creditbank.showing", sep=".")


class ShownCodeEnded(Exception):  # noqa: N818  it ended, it did not fail
    """The five minutes are over."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code to show: ``address`` is what its picture holds, ``until`` its end."""

    token: str
    until: datetime

    @property
    def address(self) -> str:
        """Where the code leads."""
        return f"{settings.SITE_URL}/s/{self.token}/"

    @property
    def picture(self) -> str:
        """The QR code as a data address."""
        return segno.make(self.address, error="m").svg_data_uri(scale=4, border=2)


@dataclass(frozen=True, slots=True)
class ShownCredit:
    """What the person at the counter sees: a masked name, the balances, and until when."""

    name: str
    purses: tuple[Purse, ...]
    until: datetime


def show_credit(person: User, *, at: datetime) -> ShownCode:
    """A code that ends five minutes after ``at``, to the second."""
    until = (at + SHOWN_FOR).replace(microsecond=0)
    return ShownCode(_SIGNER.sign(f"{person.uuid.hex}-{int(until.timestamp()):x}"), until)


def shown_credit(token: str, *, at: datetime) -> ShownCredit | None:
    """What a code shows, or None for one that is not ours or whose person has left. Raises ShownCodeEnded after its time.

    Each look is an audit entry that concerns the person; its actor is nobody, as the one who looks is not signed in.
    """
    try:
        owner, end = _SIGNER.unsign(token).split("-")
        until = datetime.fromtimestamp(int(end, 16), tz=UTC)
    except (signing.BadSignature, ValueError):
        return None
    if at >= until:
        raise ShownCodeEnded
    person = User.objects.filter(uuid=UUID(owner), is_active=True).first()
    if person is None:
        return None
    with transaction.atomic():
        record_audit_entry(LOOKED_AT, actor=None, about=person, concerns=person.uuid, data={"until": until.isoformat()})
    shown = tuple(purse for purse in purses(person, on=at.date()) if purse.has_any)
    return ShownCredit(mask_name(person.name), shown, until)


def latest_looks(person: User, *, most: int = 5) -> list[datetime]:
    """When somebody looked at what the person showed, newest first. One query."""
    looks = AuditEntry.objects.filter(object_type=User._meta.label_lower, object_key=str(person.uuid), action=LOOKED_AT).order_by("-id")
    return list(looks.values_list("at", flat=True)[:most])
