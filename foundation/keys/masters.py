"""Master keys: what wraps the data key of each person.

They are files outside of the database and its backups, in ``MASTER_KEYS_DIR``: ``<name>.master`` holds 32 random bytes in base 64. The one whose
name comes last in the alphabet wraps; the others still unwrap. So a rotation is one new file, then ``manage.py master_key rewrap``, then taking
the old file away (docs/adr/0029).
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from foundation.keys.exceptions import BadMasterKey, MasterKeyMissing

FIRST_NAME = "0-first"
SIZE = 32


def newest_master() -> tuple[str, AESGCM]:
    """Name and cipher of the key that wraps. Raises MasterKeyMissing, BadMasterKey."""
    keys = _keys()
    if not keys:
        if not settings.MASTER_KEYS_MADE_HERE:
            raise MasterKeyMissing(str(settings.MASTER_KEYS_DIR))
        make_master(FIRST_NAME)
        keys = _keys()
    name = max(keys)
    return name, keys[name]


def master(name: str) -> AESGCM:
    """The key of that name. Raises MasterKeyMissing where its file is not (or no longer) here."""
    try:
        return _keys()[name]
    except KeyError as error:
        raise MasterKeyMissing(name) from error


def master_names() -> list[str]:
    """Every key that lies in the folder, the one that wraps last."""
    return sorted(_keys())


def make_master(name: str) -> str:
    """A new key under a name, readable by its owner alone. One that another process made meanwhile is kept."""
    folder = Path(settings.MASTER_KEYS_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=folder)  # mode 600; the name appears only once the file is whole
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(AESGCM.generate_key(bit_length=SIZE * 8)) + b"\n")
    try:
        os.link(temporary, folder / f"{name}.master")
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
    return name


def remove_master(name: str) -> None:
    """Take a key away for good: what it still wraps can never be read again. Raises MasterKeyMissing."""
    path = Path(settings.MASTER_KEYS_DIR) / f"{name}.master"
    if not path.exists():
        raise MasterKeyMissing(name)
    path.unlink()


def _keys() -> Mapping[str, AESGCM]:
    """The keys as they lie on disk now; read again when a file came, went or changed."""
    folder = Path(settings.MASTER_KEYS_DIR)
    paths = sorted(folder.glob("*.master")) if folder.is_dir() else []
    return _read(folder, tuple((path.name, path.stat().st_mtime_ns) for path in paths))


@lru_cache(maxsize=8)
def _read(folder: Path, state: tuple[tuple[str, int], ...]) -> Mapping[str, AESGCM]:
    return {name.removesuffix(".master"): _read_one(folder / name) for name, _changed in state}


def _read_one(path: Path) -> AESGCM:
    try:
        raw = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error as error:
        raise BadMasterKey(path.name) from error
    if len(raw) != SIZE:
        raise BadMasterKey(path.name)
    return AESGCM(raw)
