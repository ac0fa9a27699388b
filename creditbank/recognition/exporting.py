"""What recognition gives of a person's own data: applications with all that was said and decided, appeals, exceptions, corrections, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from creditbank.recognition.models import ApplicationEvidence
from identity.api import OFFICE, About, Exporter, PersonFile, register_exporter, safe_name


def files(person: Any) -> Iterator[PersonFile]:
    """Everything that was handed in with applications."""
    for row in ApplicationEvidence.objects.filter(application__learner=person).select_related("application").order_by("id"):
        if row.file:
            name = f"applications/{row.application.reference}/{row.sha256[:16]}-{safe_name(row.filename)}"
            yield PersonFile(name, lambda row=row: row.content)  # type: ignore[misc]


OF_CASE = ("application__learner",)
register_exporter(
    Exporter(
        part="creditbank.recognition", files=files,
        gives=(
            About("creditbank.Application", of=("learner",)),
            About("creditbank.ApplicationLine", of=OF_CASE),
            About("creditbank.ApplicationStep", of=OF_CASE),
            About("creditbank.ApplicationVote", of=("learner",)),
            About("creditbank.ApplicationRerun", of=OF_CASE),
            About("creditbank.ApplicationEvidence", of=OF_CASE),
            About("creditbank.Appeal", of=("learner",)),
            About("creditbank.IndividualException", of=("learner",)),
            About("creditbank.Correction", of=("learner",)),
            About("creditbank.SourceReview", of=OF_CASE),
            About("creditbank.SpotCheck", of=("learner",)),
            About("creditbank.AccountMerger", of=("source", "destination")),
            About("creditbank.DeclaredInterest", of=("person",)),
            About("creditbank.ExpertStanding", of=("person",)),
        ),
        left_out=dict.fromkeys(["creditbank.SpotCheckDraw", "creditbank.RecognitionPolicy"], OFFICE),
    )
)  # fmt: skip
