"""Ed25519 signatures of what leaves the house: papers and case files.

Keys are files outside of the database and its backups, in ``SIGNING_KEYS_DIR``: ``<name>.pem`` holds a private key (PKCS 8), ``<name>.pub``
a public one that still verifies what it once signed. The private key whose name comes last in the alphabet signs, so a rotation is one
new file (``manage.py signing_key new``) and nothing that was signed before is lost (docs/adr/0023).

This part writes no audit entry: whoever signs something does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from foundation.keys.exceptions import NotAKeySet, SigningKeyMissing

FIRST_NAME = "0-first"
"""Sorts before every date."""
SIGNATURE_HEX = 128
"""Length of a signature as hexadecimal text."""

KeySet = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True)
class Signature:
    """Which key signed (its JWK thumbprint, RFC 7638), and the signature as hexadecimal text."""

    key: str
    value: str


@dataclass(frozen=True)
class KeyFile:
    """One key on disk: its name, its thumbprint, and whether its private half is here."""

    name: str
    key: str
    can_sign: bool


@dataclass(frozen=True)
class _Ring:
    files: tuple[KeyFile, ...]
    public: KeySet
    signer: Ed25519PrivateKey | None
    signer_key: str


def sign(purpose: str, payload: bytes) -> Signature:
    """Sign bytes for one purpose; a signature given for a paper is worth nothing under a case file. Raises SigningKeyMissing."""
    ring = _ring()
    if ring.signer is None:
        if not settings.SIGNING_KEYS_MADE_HERE:
            raise SigningKeyMissing(str(settings.SIGNING_KEYS_DIR))
        make_key(FIRST_NAME)
        ring = _ring()
    if ring.signer is None:  # pragma: no cover  the file was written a line above
        raise SigningKeyMissing(str(settings.SIGNING_KEYS_DIR))
    return Signature(ring.signer_key, ring.signer.sign(_message(purpose, payload)).hex())


def signature_holds(purpose: str, payload: bytes, signature: Signature, *, keys: KeySet | None = None) -> bool:
    """Whether these very bytes were signed for this purpose by that key. An unknown key holds for nothing.

    ``keys`` are public keys read from a published set; without them, our own.
    """
    key = (public_keys() if keys is None else keys).get(signature.key)
    if key is None:
        return False
    try:
        key.verify(bytes.fromhex(signature.value), _message(purpose, payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def _message(purpose: str, payload: bytes) -> bytes:
    return f"jianglan-credit-bank {purpose} 1\n".encode() + payload


def public_keys() -> KeySet:
    """Every key that we ever signed with, by thumbprint."""
    return _ring().public


def published_keys() -> dict[str, Any]:
    """The public keys as a JWK Set (RFC 7517, 8037), for everybody who wants to verify without asking us."""
    return {"keys": [{**_jwk(key), "kid": ident, "use": "sig", "alg": "EdDSA"} for ident, key in sorted(public_keys().items())]}


def read_key_set(text: str | bytes) -> KeySet:
    """The Ed25519 keys of a published set; others in it are passed over. Raises NotAKeySet."""
    try:
        rows = json.loads(text)["keys"]
        found = [
            Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(row["x"] + "=="))
            for row in rows
            if row.get("kty") == "OKP" and row.get("crv") == "Ed25519"
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAKeySet(str(error)) from error
    return {thumbprint(key): key for key in found}


def thumbprint(key: Ed25519PublicKey) -> str:
    """The name of a key that follows from the key itself: RFC 7638, SHA-256, 43 characters."""
    text = json.dumps(_jwk(key), sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}


def key_files() -> tuple[KeyFile, ...]:
    """What lies in the folder, by name; the last one that can sign does."""
    return _ring().files


def make_key(name: str) -> KeyFile:
    """A new private key under a name, readable by its owner alone. One that another process made meanwhile is kept."""
    folder = Path(settings.SIGNING_KEYS_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle, temporary = tempfile.mkstemp(dir=folder)  # mode 600; the name appears only once the file is whole
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    try:
        os.link(temporary, folder / f"{name}.pem")
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
    return next(row for row in key_files() if row.name == name)


def retire_key(name: str) -> KeyFile:
    """Throw a private key away and keep its public half: it verifies what it signed, and signs nothing more. Raises SigningKeyMissing."""
    path = Path(settings.SIGNING_KEYS_DIR) / f"{name}.pem"
    if not path.exists():
        raise SigningKeyMissing(name)
    public = _read_private(path.read_bytes()).public_key()
    path.with_suffix(".pub").write_bytes(public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    path.unlink()
    return next(row for row in key_files() if row.name == name)


def _ring() -> _Ring:
    """The keys as they lie on disk now; read again when a file came, went or changed."""
    folder = Path(settings.SIGNING_KEYS_DIR)
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".pem", ".pub"}) if folder.is_dir() else []
    state = tuple((path.name, path.stat().st_mtime_ns) for path in paths)
    return _read_ring(folder, state)


@lru_cache(maxsize=8)
def _read_ring(folder: Path, state: tuple[tuple[str, int], ...]) -> _Ring:
    files, public, signer, signer_key = [], {}, None, ""
    for name, _changed in state:
        path = folder / name
        private = _read_private(path.read_bytes()) if path.suffix == ".pem" else None
        key = private.public_key() if private else _read_public(path.read_bytes())
        ident = thumbprint(key)
        public[ident] = key
        files.append(KeyFile(path.stem, ident, can_sign=private is not None))
        if private is not None:
            signer, signer_key = private, ident
    return _Ring(tuple(files), public, signer, signer_key)


def _read_private(text: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(text, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not an Ed25519 key")
    return key


def _read_public(text: bytes) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(text)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("not an Ed25519 key")
    return key
