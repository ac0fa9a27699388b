"""Sealing what belongs to one person: files and free texts, AES-256-GCM under the person's own data key.

A sealed value says whose it is and what it is for, so nothing can be moved to another person or another column unseen. Destroying the key of a
person makes everything that was sealed under it unreadable, wherever a copy of it lies (crypto-shredding).

This part writes no audit entry: whoever reads or destroys does.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, transaction

from foundation.keys.exceptions import KeyDestroyed, SealBroken
from foundation.keys.masters import master, newest_master
from foundation.keys.models import PersonKey
from foundation.rows.storing import insert_rows

MAGIC = b"\x00JLS1"
"""Begins every sealed file; no PDF, JPEG or PNG begins so."""
MARK = "\u2060sealed1:"
"""Begins every sealed text, with a sign that nobody types."""
NONCE = 12
_OWNER = 16
BATCH = 500

_at_hand: ContextVar[dict[UUID, AESGCM] | None] = ContextVar("keys_at_hand", default=None)


@contextmanager
def keys_at_hand() -> Iterator[None]:
    """Inside (one request, one command), the key of a person is fetched and unwrapped once; never kept longer, so a destroyed key is gone."""
    token = _at_hand.set({})
    try:
        yield
    finally:
        _at_hand.reset(token)


@contextmanager
def keys_of(owners: Iterable[UUID]) -> Iterator[None]:
    """Inside, the keys of these people are at hand, made where there were none: three statements, however many people.

    For steps that seal something for each of many; entered before they lock what another step may wait for (see ``keep_key``).
    """
    known = _at_hand.get()
    wanted = set(owners) - set(known or ())  # whose key is at hand has one
    token = _at_hand.set({} if known is None else known)
    try:
        if wanted:
            keep_keys(wanted)
            bring_keys(wanted)
        yield
    finally:
        _at_hand.reset(token)


def seal(owner: UUID, purpose: str, content: bytes) -> bytes:
    """Content that only somebody with the owner's key can read. Raises KeyDestroyed, MasterKeyMissing."""
    nonce = os.urandom(NONCE)
    return MAGIC + owner.bytes + nonce + _key_of(owner, make=True).encrypt(nonce, content, _bound(owner, purpose))


def unseal(purpose: str, stored: bytes) -> bytes:
    """What was sealed for this purpose; content from before there were seals comes back as it is.

    Raises KeyDestroyed, MasterKeyMissing; SealBroken where it was altered or sealed for another purpose.
    """
    if not stored.startswith(MAGIC):
        return stored
    body = stored[len(MAGIC) :]
    owner, nonce, rest = UUID(bytes=body[:_OWNER].ljust(_OWNER, b"\0")), body[_OWNER : _OWNER + NONCE], body[_OWNER + NONCE :]
    try:
        return _key_of(owner, make=False).decrypt(nonce, rest, _bound(owner, purpose))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(purpose) from error


def keep_key(owner: UUID) -> None:
    """Make the key of a person now, where there is none yet: before locks are taken that another step may wait for."""
    if not PersonKey.objects.filter(owner_uuid=owner).exists():
        _make(owner)


def keep_keys(owners: Iterable[UUID]) -> None:
    """The same for many people; in one order, so that two who do this at once never wait for each other. Two statements."""
    wanted = set(owners)
    missing = wanted - set(PersonKey.objects.filter(owner_uuid__in=wanted).values_list("owner_uuid", flat=True))
    if not missing:
        return
    name, cipher = newest_master()
    keys = [
        PersonKey(owner_uuid=owner, wrapped=_wrapped(owner, AESGCM.generate_key(bit_length=256), cipher), master=name)
        for owner in sorted(missing)
    ]
    insert_rows(keys, missing=True)


def is_sealed(value: str | bytes) -> bool:
    """Whether a stored value is sealed."""
    return value.startswith(MAGIC) if isinstance(value, bytes) else value.startswith(MARK)


def seal_text(owner: UUID, purpose: str, text: str) -> str:
    """A text as it is stored in a column of text. Raises KeyDestroyed, MasterKeyMissing."""
    return MARK + base64.urlsafe_b64encode(seal(owner, purpose, text.encode())).decode()


def unseal_text(purpose: str, stored: str) -> str:
    """The text; one from before there were seals as it is. Raises what ``unseal`` raises."""
    if not is_sealed(stored):
        return stored
    try:
        return unseal(purpose, base64.urlsafe_b64decode(stored.removeprefix(MARK))).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SealBroken(purpose) from error


def _bound(owner: UUID, purpose: str) -> bytes:
    return owner.bytes + purpose.encode()


def _key_of(owner: UUID, *, make: bool) -> AESGCM:
    known = _at_hand.get()
    if known is not None and owner in known:
        return known[owner]
    row = PersonKey.objects.filter(owner_uuid=owner).first()
    if row is None and make:
        row = _make(owner)
    if row is None or row.wrapped is None:
        raise KeyDestroyed(str(owner))
    key = AESGCM(_unwrap(row))
    if known is not None:
        known[owner] = key
    return key


def bring_keys(owners: Iterable[UUID]) -> None:
    """Fetch the keys of many people at once, for a page that shows texts of all of them. One query; nothing outside of ``keys_at_hand``."""
    known = _at_hand.get()
    wanted = set(owners) - set(known or ())
    if known is None or not wanted:
        return
    masters: dict[str, AESGCM] = {}
    for row in PersonKey.objects.filter(owner_uuid__in=wanted, destroyed_at__isnull=True):
        if row.master not in masters:
            masters[row.master] = master(row.master)
        known[row.owner_uuid] = AESGCM(_unwrap(row, masters[row.master]))


def _make(owner: UUID) -> PersonKey:
    """A new key; the one of a twin that was quicker."""
    name, wrapped = _wrap(owner, AESGCM.generate_key(bit_length=256))
    try:
        with transaction.atomic():
            return PersonKey.objects.create(owner_uuid=owner, wrapped=wrapped, master=name)
    except IntegrityError:
        return PersonKey.objects.get(owner_uuid=owner)


def _wrap(owner: UUID, key: bytes) -> tuple[str, bytes]:
    name, cipher = newest_master()
    return name, _wrapped(owner, key, cipher)


def _wrapped(owner: UUID, key: bytes, cipher: AESGCM) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, key, owner.bytes)


def _unwrap(row: PersonKey, cipher: AESGCM | None = None) -> bytes:
    wrapped = bytes(row.wrapped or b"")
    try:
        return (cipher or master(row.master)).decrypt(wrapped[:NONCE], wrapped[NONCE:], row.owner_uuid.bytes)
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"key of {row.owner_uuid} under master key {row.master}") from error


def destroy_person_key(owner: UUID, *, at: datetime) -> None:
    """Make everything that is sealed for a person unreadable, for good. Also where there was no key yet: none is made afterwards."""
    known = _at_hand.get()
    if known is not None:
        known.pop(owner, None)
    PersonKey.objects.update_or_create(owner_uuid=owner, defaults={"wrapped": None, "master": "", "destroyed_at": at})


def rewrap_person_keys() -> int:
    """Wrap every person's key anew under the newest master key; how many. What is sealed stays as it is. Safe to break off and begin again.

    Raises MasterKeyMissing where the file of an older master key is not here any more.
    """
    newest, done = newest_master()[0], 0
    while True:
        rows = list(PersonKey.objects.filter(destroyed_at__isnull=True).exclude(master=newest).order_by("id")[:BATCH])
        if not rows:
            return done
        for row in rows:
            name, wrapped = _wrap(row.owner_uuid, _unwrap(row))
            done += PersonKey.objects.filter(pk=row.pk, master=row.master, destroyed_at__isnull=True).update(wrapped=wrapped, master=name)
