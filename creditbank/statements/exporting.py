"""What papers give of a person's own data: every transcript and certificate as it was signed."""

from __future__ import annotations

from identity.api import OFFICE, About, Exporter, register_exporter

register_exporter(
    Exporter(
        part="creditbank.statements",
        gives=(About("creditbank.Transcript", of=("learner",)), About("creditbank.Certificate", of=("learner",))),
        left_out={"creditbank.SubmissionCode": OFFICE},
    )
)
