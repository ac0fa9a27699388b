"""Refusals of result uploads as problems of the HTTP API: one code for each, stable, with a sentence for people."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.utils.translation import gettext_noop

from creditbank.results import exceptions as refused
from foundation.api import Refusals, refusals_told

REFUSALS: Refusals = {
    refused.NothingToEnter: (409, "nothing_to_enter", gettext_noop("Every row of this file is entered already.")),
    refused.SecondPersonRequired: (409, "same_person", gettext_noop("Another person has to do this: nobody releases what they uploaded themselves.")),
    refused.ResultsError: (409, "wrong_state", gettext_noop("The upload has moved on meanwhile; this is how it stands now.")),
}  # fmt: skip


def told() -> AbstractContextManager[None]:
    """Tell a refusal raised inside as its problem."""
    return refusals_told(REFUSALS)
