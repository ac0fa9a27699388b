"""The text of an agreement: everything that a signature stands under, in one canonical form."""

from __future__ import annotations

from creditbank.agreements.contracts import Agreement
from creditbank.agreements.enums import AgreementKind, PartyRole
from creditbank.rules.snapshot import canonical, hash_of
from identity.api import Institution


def full_text(agreement: Agreement) -> str:
    """Code, titles, text, kind, parties with their roles, dates and precedence as canonical JSON. Two queries."""
    parties = agreement.party_rows.select_related("institution").order_by("institution__code")
    return canonical(
        {
            "code": agreement.code, "version": agreement.version, "title_zh": agreement.title_zh, "title_en": agreement.title_en,
            "text_zh": agreement.text_zh, "text_en": agreement.text_en, "kind": agreement.kind,
            "parties": [[party.institution.code, party.role] for party in parties], "starts_on": agreement.starts_on,
            "ends_on": agreement.ends_on, "precedence": agreement.precedence, "conserve": agreement.conserve,
            "supersedes": agreement.supersedes.code if agreement.supersedes else "",
        }
    )  # fmt: skip


def hash_of_text(agreement: Agreement) -> str:
    """SHA-256 of the text; what a signature keeps."""
    return hash_of(full_text(agreement))


def must_sign(agreement: Agreement) -> list[Institution]:
    """The institutions whose signature is needed: every party; for a receiver's own list only those who receive. One query."""
    rows = agreement.party_rows.select_related("institution").order_by("institution__code")
    receives = {PartyRole.RECEIVE, PartyRole.BOTH}
    return [row.institution for row in rows if agreement.kind != AgreementKind.RECEIVER_LIST or row.role in receives]
