"""What can be wrong with keys."""

from __future__ import annotations


class SigningKeyMissing(RuntimeError):
    """There is no private key to sign with: papers and case files cannot be issued until one is made."""


class NotAKeySet(ValueError):
    """A text that should be a published set of public keys is none."""


class SealingProblem(Exception):
    """Something sealed cannot be read, or nothing can be sealed now."""


class MasterKeyMissing(SealingProblem):
    """The master key of that name (or any master key at all) is not in the folder."""


class BadMasterKey(SealingProblem):
    """A file in the folder of master keys is no key: not 32 bytes in base 64."""


class KeyDestroyed(SealingProblem):
    """The person was erased: the key is gone, and with it everything that it sealed."""


class SealBroken(SealingProblem):
    """What is stored was altered, belongs to another place, or was sealed under another key."""
