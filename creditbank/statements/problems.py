"""Refusals around papers as problems of the HTTP API: one code for each, stable, with a sentence for people."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.utils.translation import gettext_noop

from creditbank.statements import exceptions as refused
from foundation.api import Refusals, SigningKeyMissing, refusals_told

REFUSALS: Refusals = {
    refused.NameNotPrintable: (409, "name_not_printable", gettext_noop("The papers' font cannot draw the name, so no paper was issued.")),
    refused.NothingToCertify: (409, "nothing_to_certify", gettext_noop("Nothing was credited by this application that could be certified.")),
    refused.CertificateExists: (409, "certificate_exists", gettext_noop("This application has a valid certificate.")),
    refused.OfficerNeeded: (409, "officer_needed", gettext_noop("An earlier certificate of this application was revoked. The institution issues the next one.")),
    refused.SameHand: (409, "same_person", gettext_noop("This takes somebody else.")),
    refused.AlreadyRevoked: (409, "already_revoked", gettext_noop("This paper was revoked before; nothing was changed.")),
    refused.NotAPaper: (422, "not_a_paper", gettext_noop("This file is no paper of ours.")),
    SigningKeyMissing: (503, "no_signing_key", gettext_noop("Papers cannot be signed at the moment, so none was issued. Please try again later.")),
}  # fmt: skip


def told() -> AbstractContextManager[None]:
    """Tell a refusal raised inside as its problem."""
    return refusals_told(REFUSALS, _more)


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, refused.NameNotPrintable):
        return {"characters": error.characters}
    return {"reason": error.code} if isinstance(error, refused.NotAPaper) else {}
