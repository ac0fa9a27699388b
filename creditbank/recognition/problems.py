"""Refusals of the bank as problems of the HTTP API: one code for each, stable, with a sentence for people."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.utils.translation import gettext_noop

from creditbank.ledger.exceptions import AlreadyReversed, InsufficientCredit, LedgerFrozen, SecondPersonNeeded
from creditbank.recognition import exceptions as refused
from creditbank.rules.clocks import NoCalendar
from foundation.api import Refusals, refusals_told

REFUSALS: Refusals = {
    refused.WrongState: (409, "wrong_state", gettext_noop("This step is not possible from where the application stands.")),
    refused.SamePersonTwice: (409, "same_person", gettext_noop("This takes somebody else.")),
    SecondPersonNeeded: (409, "same_person", gettext_noop("This takes somebody else.")),
    refused.NothingToRecognise: (409, "nothing_to_recognise", gettext_noop("No rule recognises any of these records for this programme.")),
    refused.NoRulesInForce: (409, "no_rules", gettext_noop("The institution has no published rules.")),
    refused.RecordsTaken: (409, "records_changed", gettext_noop("The archive or the rules changed since this was shown, or another application uses a record.")),
    refused.NoRoomLeft: (409, "no_room_left", gettext_noop("Another award has meanwhile taken up what this needs; it has to be worked out again.")),
    refused.TooLate: (409, "too_late", gettext_noop("The time for this is over.")),
    refused.JustPublished: (409, "just_published", gettext_noop("Whoever published these rules less than a day ago does not decide by them.")),
    refused.Involved: (409, "involved", gettext_noop("The person taught this or declared an interest.")),
    refused.ExpertNeeded: (409, "expert_needed", gettext_noop("The last seat is for a subject expert.")),
    refused.EvidenceMissing: (409, "evidence_missing", gettext_noop("Evidence that the rules ask for is missing.")),
    refused.DecisionIncomplete: (422, "decision_incomplete", gettext_noop("A line has no decision, no reason, or an amount that is not allowed.")),
    refused.NoFurtherAppeal: (409, "no_further_appeal", gettext_noop("Every level of appeal was used.")),
    refused.NothingGranted: (409, "nothing_granted", gettext_noop("Nothing would be gained by this.")),
    refused.BadFile: (422, "bad_file", gettext_noop("The file is empty, too large, or not of a kind that is taken.")),
    refused.BadException: (422, "bad_exception", gettext_noop("The programme and its rules know no such requirement, rule, limit or value.")),
    refused.NoGain: (409, "no_gain", gettext_noop("Under the newer rules nothing more would be recognised.")),
    refused.NotTheirCase: (409, "not_their_case", gettext_noop("Only who has a case gives it back.")),
    refused.NothingToTakeBack: (409, "nothing_to_take_back", gettext_noop("This result carries no credit that was deposited.")),
    refused.AlreadyProposed: (409, "already_proposed", gettext_noop("This was proposed before.")),
    refused.NothingToMerge: (409, "nothing_to_merge", gettext_noop("Both are the same login, or this one has no credit that could follow.")),
    refused.NothingToDraw: (409, "nothing_to_draw", gettext_noop("No such case was decided in this period.")),
    refused.BadStanding: (422, "bad_standing", gettext_noop("This person is no expert of this institution, or the day has not come yet.")),
    refused.BadPeriod: (422, "bad_period", gettext_noop("The period ends before it begins, or is longer than five years.")),
    AlreadyReversed: (409, "already_reversed", gettext_noop("This was reversed before.")),
    NoCalendar: (409, "no_calendar", gettext_noop("The working days of the coming year are not known yet, so no answer can be promised.")),
    InsufficientCredit: (409, "insufficient_credit", gettext_noop("There is not enough credit for this.")),
    LedgerFrozen: (503, "ledger_frozen", gettext_noop("Posting is stopped at the moment; please try later.")),
}  # fmt: skip


def told() -> AbstractContextManager[None]:
    """Tell a refusal raised inside as its problem."""
    return refusals_told(REFUSALS, _more)


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, refused.DecisionIncomplete):
        return {"line": error.line, "reason": error.code}
    if isinstance(error, refused.BadFile):
        return {"reason": error.code}
    if isinstance(error, (refused.BadException, refused.BadStanding)):
        return {"field": error.field}
    if isinstance(error, refused.EvidenceMissing):
        return {"items": error.items}
    if isinstance(error, refused.NoRoomLeft):
        return {"lack": error.lack.kind, "name": error.lack.name, "bound": str(error.lack.bound), "with_this": str(error.lack.used)}
    return {"state": error.state} if isinstance(error, refused.WrongState) else {}
