"""What papers give of a person's own data: every transcript and certificate as it was signed, and the files that are kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from creditbank.statements.keeping import KINDS, LANGUAGES, kept_pdf
from identity.api import OFFICE, About, Exporter, PersonFile, register_exporter


def files(person: Any) -> Iterator[PersonFile]:
    """Every file that was drawn and is kept."""
    for model in KINDS.values():
        for paper in model._default_manager.filter(learner=person).select_related("learner").order_by("id"):
            for language in LANGUAGES:
                data = kept_pdf(paper, language)
                if data is not None:
                    yield PersonFile(f"papers/{paper}-{language}.pdf", lambda data=data: data)  # type: ignore[misc]


register_exporter(
    Exporter(
        part="creditbank.statements", files=files,
        gives=(About("creditbank.Transcript", of=("learner",)), About("creditbank.Certificate", of=("learner",))),
        left_out={"creditbank.SubmissionCode": OFFICE},
    )
)  # fmt: skip
