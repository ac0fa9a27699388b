"""Refusals of agreements and rule books as problems of the HTTP API: one code for each, stable, with a sentence for people."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.utils.translation import get_language, gettext_noop

from creditbank.agreements import exceptions as refused
from creditbank.rules.exceptions import BadRule
from creditbank.rules.files.cells import BadFiles
from foundation.api import Refusals, refusals_told

MOST_PROBLEMS = 500
REFUSALS: Refusals = {
    refused.WrongStep: (409, "wrong_state", gettext_noop("This step is not possible from where the agreement stands.")),
    refused.NotAParty: (409, "not_a_party", gettext_noop("This institution takes no part in the agreement, or need not sign it.")),
    refused.AlreadySigned: (409, "already_signed", gettext_noop("This institution has signed already.")),
    refused.OtherText: (409, "other_text", gettext_noop("This is not the text that you were shown. Please read it again.")),
    refused.BadDay: (422, "bad_day", gettext_noop("This day has passed, or lies outside of the agreement or version.")),
    refused.BadParties: (422, "bad_parties", gettext_noop("These parties do not make an agreement of this kind.")),
    refused.SamePerson: (409, "same_person", gettext_noop("You wrote this version; another person publishes it.")),
    refused.NotADraft: (409, "not_a_draft", gettext_noop("This version is not a draft any more.")),
    refused.NotPublished: (409, "not_published", gettext_noop("Only a published version can be retired.")),
    refused.LintErrors: (409, "lint_errors", gettext_noop("There are errors that block publishing.")),
    refused.ExamplesFail: (409, "examples_fail", gettext_noop("Examples come out otherwise than written.")),
    refused.NotAcknowledged: (422, "not_acknowledged", gettext_noop("Every kind of warning needs a word of the publisher.")),
    refused.Overtaken: (409, "overtaken", gettext_noop("Somebody saved a newer draft meanwhile. Nothing of yours was saved; please look at it first.")),
    refused.UnknownPart: (404, "not_found", gettext_noop("There is nothing at this address.")),
    BadRule: (422, "bad_rule", gettext_noop("This cannot be read as a rule, a limit or an example.")),
    BadFiles: (422, "bad_files", gettext_noop("The files cannot be taken; every complaint is listed.")),
}  # fmt: skip


def told() -> AbstractContextManager[None]:
    """Tell a refusal raised inside as its problem."""
    return refusals_told(REFUSALS, _more)


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, BadFiles):
        return {"problems": [_problem(one) for one in error.problems[:MOST_PROBLEMS]], "count": len(error.problems)}
    if isinstance(error, BadRule):
        return {"detail": str(error)}
    names = {
        refused.WrongStep: "status", refused.BadParties: "code", refused.LintErrors: "findings", refused.ExamplesFail: "examples",
        refused.NotAcknowledged: "codes", refused.Overtaken: "number",
    }  # fmt: skip
    name = next((name for kind, name in names.items() if isinstance(error, kind)), None)
    told_as = {"code": "reason", "status": "state", "number": "newest"}  # a problem has a code and a status of its own
    return {told_as.get(name, name): getattr(error, name)} if name else {}


def _problem(one: Any) -> dict[str, Any]:
    message = one.text(get_language() or "zh-hans")
    return {"file": one.file, "row": one.row, "column": one.column, "code": one.message.code, "message": message}
