"""Putting an application's decision into words."""

from __future__ import annotations

from django.utils.translation import get_language

from creditbank.agreements.queries import outcome_titles
from creditbank.recognition.models import Application
from creditbank.recognition.presenting import Shown, show
from creditbank.recognition.queries import Proposal
from creditbank.recognition.replaying import read_snapshot


def shown_proposal(proposal: Proposal) -> Shown:
    """A fresh proposal in the reader's language. One query for titles."""
    records = {record.id: (record.title_zh, record.title_en) for record in proposal.facts.records}
    leaves = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in proposal.facts.target.seats()}
    language = get_language() or "zh-hans"
    return show(proposal.document(), base=proposal.base, records=records, outcomes=outcome_titles(), leaves=leaves, language=language)


def shown_application(application: Application) -> Shown | None:
    """A submitted application's stored decision in the reader's language; None for a draft. One query for titles."""
    if not application.snapshot:
        return None
    facts, base, _limits, _on = read_snapshot(application.snapshot)
    records = {record.id: (record.title_zh, record.title_en) for record in facts.records}
    leaves = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in facts.target.seats()}
    language = get_language() or "zh-hans"
    return show(application.proposal, base=base, records=records, outcomes=outcome_titles(), leaves=leaves, language=language)
