"""What can be wrong with keys."""

from __future__ import annotations


class SigningKeyMissing(RuntimeError):
    """There is no private key to sign with: papers and case files cannot be issued until one is made."""


class NotAKeySet(ValueError):
    """A text that should be a published set of public keys is none."""
