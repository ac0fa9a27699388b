"""Bearer tokens: a key's rights for a while, or for one learner alone. Signed, not stored; revoking the key ends them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from learning.xapi.keys import is_living
from learning.xapi.models import Bound, XapiKey
from learning.xapi.reading import agent_key

SALT = "xapi.token"
LEARNER_SCOPES = ("statements/write", "statements/read/mine", "state", "profile")
LONGEST = timedelta(days=30)
LONGEST_FOR_LEARNERS = timedelta(hours=24)


class TokenRefused(Exception):
    """A token with these rights cannot be made."""


def issue_token(
    key: XapiKey, *, at: datetime, seconds: int, scopes: Sequence[str] = (), actor: Mapping[str, Any] | None = None, registration: str = ""
) -> str:
    """A token with a part of a key's rights, bound to one actor (and one registration) where they are given.

    Raises TokenRefused for a scope that the key does not have, or a life that is too long: 24 hours for a learner's, 30 days for others.
    """
    wanted = list(scopes) or [scope for scope in (LEARNER_SCOPES if actor else key.scopes) if key_holds(key.scopes, scope)]
    allowed = LEARNER_SCOPES if actor else tuple(key.scopes)
    beyond = [scope for scope in wanted if not key_holds(key.scopes, scope) or (actor and scope not in allowed)]
    if beyond:
        raise TokenRefused(f"This key cannot give the scopes {', '.join(beyond)}.")
    longest = LONGEST_FOR_LEARNERS if actor else LONGEST
    if not 0 < seconds <= longest.total_seconds():
        raise TokenRefused(f"A token lives between 1 and {int(longest.total_seconds())} seconds.")
    content = {
        "key": key.pk, "scopes": wanted, "until": int(at.timestamp()) + seconds, "actor": agent_key(actor) if actor else "",
        "registration": registration.lower(),
    }  # fmt: skip
    return signing.dumps(content, salt=SALT, compress=True)


def key_of_token(token: str, *, at: datetime) -> XapiKey | None:
    """The key behind a token, narrowed to the token's rights; None for a forged or old one, or of a key that is dead. One query."""
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if content["until"] <= at.timestamp():
        return None
    key = XapiKey.objects.select_related("institution").filter(pk=content["key"]).first()
    if key is None or not is_living(key, at):
        return None
    key.scopes = [scope for scope in content["scopes"] if key_holds(key.scopes, scope)]
    if content["actor"]:
        key.bound = Bound(UUID(hex=content["actor"]), content["registration"])
    return key


def key_holds(scopes: Sequence[str], scope: str) -> bool:
    """Whether scopes include one; ``all`` includes each."""
    return scope in scopes or "all" in scopes
