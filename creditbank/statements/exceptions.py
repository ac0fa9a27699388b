"""What can stand in the way of a paper."""

from __future__ import annotations


class NameNotPrintable(Exception):
    """The papers' font has no drawing for characters of the name; a paper with empty boxes is worth nothing. Carries the characters."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters


class NothingToCertify(Exception):
    """The application was not credited (or was taken back), so there is nothing that a certificate could say."""


class CertificateExists(Exception):
    """A valid certificate of this application was issued already."""


class OfficerNeeded(Exception):
    """An earlier certificate of this application was revoked: the next one is issued by an officer, not fetched by the learner."""


class SameHand(Exception):
    """Who decided on the application, or whom the certificate is about, does not revoke it."""


class AlreadyRevoked(Exception):
    """The paper was revoked before; since when and why stays as it is."""


class NotAPaper(Exception):
    """A file that is none of ours by its form. ``code`` says how: empty, too_large, kind, unsealed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
