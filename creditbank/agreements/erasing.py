"""What agreements and rule books do when somebody is erased: they know pseudonyms alone."""

from __future__ import annotations

from identity.api import Eraser, Treatment, register_eraser

register_eraser(
    Eraser(
        part="creditbank.agreements",
        treats=dict.fromkeys(
            [
                "creditbank.Agreement",
                "creditbank.AgreementSignature",
                "creditbank.AgreementStep",
                "creditbank.RuleBookVersion",
                "creditbank.FindingAcknowledgement",
            ],
            Treatment.PSEUDONYM,
        ),
    )
)
