"""What agreements and rule books do when somebody is erased: they know pseudonyms alone."""

from __future__ import annotations

from identity.api import OFFICE, Eraser, Exporter, Treatment, register_eraser, register_exporter

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
register_exporter(
    Exporter(
        part="creditbank.agreements",
        left_out=dict.fromkeys(
            [
                "creditbank.Agreement",
                "creditbank.AgreementSignature",
                "creditbank.AgreementStep",
                "creditbank.RuleBookVersion",
                "creditbank.FindingAcknowledgement",
            ],
            OFFICE,
        ),
    )
)
