"""What sign-in does when somebody is erased: every way in goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from identity.people.erasing import Eraser, Treatment, register_eraser
from identity.people.exporting import Exporter, register_exporter
from identity.signin.models import OutboxMessage


def erase(person: Any, at: datetime) -> dict[str, int]:
    """Sessions, addresses, passkeys, links to other sign-ins; in the demo also what it kept instead of sending."""
    sessions = UserSession.objects.filter(user=person)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    contacts = [value for value in (person.email, person.phone) if value]
    return {
        "sessions": sessions.delete()[0],
        "ways_to_sign_in": sum(model.objects.filter(user=person).delete()[0] for model in (EmailAddress, Authenticator, SocialAccount)),
        "messages": OutboxMessage.objects.filter(to__in=contacts).delete()[0],
    }


register_eraser(Eraser(part="identity.signin", order=1, erase=erase, treats={"identity.OutboxMessage": Treatment.DELETED}))
register_exporter(
    Exporter(
        part="identity.signin", left_out={"identity.OutboxMessage": "Messages of the demo, where nobody is real; each is a notice as well."}
    )
)
