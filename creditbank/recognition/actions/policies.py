"""An institution's periods: written by one person, published by another."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction

from creditbank.recognition.exceptions import SamePersonTwice, WrongState
from creditbank.recognition.models import RecognitionPolicy
from creditbank.recognition.terms import Terms
from foundation.api import record_audit_entry


@transaction.atomic
def draft_policy(institution: Any, terms: Terms, *, valid_from: date, actor: Any) -> RecognitionPolicy:
    """Write down periods that are to hold from a day; they bind nobody until another person publishes them."""
    policy = RecognitionPolicy.objects.create(institution=institution, valid_from=valid_from, author_uuid=actor.uuid, **asdict(terms))
    record_audit_entry("recognition.draft_policy", actor=actor, about=policy)
    return policy


@transaction.atomic
def publish_policy(policy: RecognitionPolicy, *, actor: Any, at: datetime) -> RecognitionPolicy:
    """Another person publishes; applications that are under way keep the periods they were shown. Raises SamePersonTwice, WrongState."""
    policy = RecognitionPolicy.objects.select_for_update().get(pk=policy.pk)
    if policy.publisher_uuid is not None:
        raise WrongState("published")
    if policy.author_uuid == actor.uuid:
        raise SamePersonTwice
    policy.publisher_uuid, policy.published_at = actor.uuid, at
    policy.save(update_fields=["publisher_uuid", "published_at"])
    record_audit_entry("recognition.publish_policy", actor=actor, about=policy)
    return policy
