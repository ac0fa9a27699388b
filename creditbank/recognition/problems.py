"""Refusals of the bank as problems of the HTTP API: one code for each, stable, with a sentence for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from creditbank.ledger.exceptions import InsufficientCredit, LedgerFrozen
from creditbank.recognition import exceptions as refused
from foundation.api import Problem

REFUSALS: dict[type[Exception], tuple[int, str, str]] = {
    refused.WrongState: (409, "wrong_state", gettext_noop("This step is not possible from where the application stands.")),
    refused.SamePersonTwice: (409, "same_person", gettext_noop("This takes somebody else.")),
    refused.NothingToRecognise: (409, "nothing_to_recognise", gettext_noop("No rule recognises any of these records for this programme.")),
    refused.NoRulesInForce: (409, "no_rules", gettext_noop("The institution has no published rules.")),
    refused.RecordsTaken: (409, "records_changed", gettext_noop("The archive or the rules changed since this was shown, or another application uses a record.")),
    refused.TooLate: (409, "too_late", gettext_noop("The time for this is over.")),
    refused.JustPublished: (409, "just_published", gettext_noop("Whoever published these rules less than a day ago does not decide by them.")),
    refused.Involved: (409, "involved", gettext_noop("The person taught this or declared an interest.")),
    refused.ExpertNeeded: (409, "expert_needed", gettext_noop("The last seat is for a subject expert.")),
    refused.EvidenceMissing: (409, "evidence_missing", gettext_noop("Evidence that the rules ask for is missing.")),
    refused.DecisionIncomplete: (422, "decision_incomplete", gettext_noop("A line has no decision, no reason, or an amount that is not allowed.")),
    refused.NoFurtherAppeal: (409, "no_further_appeal", gettext_noop("Every level of appeal was used.")),
    refused.NothingGranted: (409, "nothing_granted", gettext_noop("Nothing would be gained by this.")),
    InsufficientCredit: (409, "insufficient_credit", gettext_noop("There is not enough credit for this.")),
    LedgerFrozen: (503, "ledger_frozen", gettext_noop("Posting is stopped at the moment; please try later.")),
}  # fmt: skip


@contextmanager
def told() -> Iterator[None]:
    """Tell a refusal raised inside as its problem."""
    try:
        yield
    except tuple(REFUSALS) as error:
        kind = next(kind for kind in type(error).__mro__ if kind in REFUSALS)
        status, code, title = REFUSALS[kind]
        raise Problem(status, code, _(title), **_more(error)) from error


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, refused.DecisionIncomplete):
        return {"line": error.line, "reason": error.code}
    if isinstance(error, refused.EvidenceMissing):
        return {"items": error.items}
    return {"state": error.state} if isinstance(error, refused.WrongState) else {}
