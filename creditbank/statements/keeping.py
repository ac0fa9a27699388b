"""The drawn file of a paper, kept: drawn once a language, and the same bytes ever after.

What a paper says never changes, and whether it still stands is not printed on it, so its file can be kept. It lies in a folder without an address,
sealed under the key of its person, for this paper and language alone. Keeping saves the half second of drawing and is never needed: what is missing,
damaged, or signed with a key that is not published any more is drawn again (docs/adr/0036).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from creditbank.statements.drawing import draw_pdf
from creditbank.statements.fonts import pdf_possible
from creditbank.statements.models import Certificate, Paper, Transcript
from creditbank.statements.seals import read_seal
from foundation.api import SealingProblem, seal, unseal

logger = logging.getLogger(__name__)
LANGUAGES = ("zh-hans", "en")
KINDS: dict[str, type[Paper]] = {model.kind.value: model for model in (Transcript, Certificate)}


def pdf_of(paper: Paper, language: str | None) -> bytes | None:
    """The file to give out, drawn now if none is kept; None where none can be drawn here. Raises SigningKeyMissing."""
    wanted = language if language in LANGUAGES else LANGUAGES[0]
    kept = kept_pdf(paper, wanted)
    if kept is not None or not pdf_possible():
        return kept
    return _keep(paper, wanted, draw_pdf(paper, wanted))


def kept_pdf(paper: Paper, language: str) -> bytes | None:
    """The file as it was given out before; None where it has to be drawn (again)."""
    try:
        with default_storage.open(_name(paper, language)) as file:
            data = unseal(_purpose(paper, language), file.read())
    except (OSError, SealingProblem):
        return None
    return data if read_seal(data) == (paper.code, True) else None


def draw_all(paper: Paper) -> None:
    """Draw and keep the file of a new paper in every language, so that whoever fetches it does not wait. Raises SigningKeyMissing."""
    for language in LANGUAGES:
        pdf_of(paper, language)


def forget_files(papers: Iterable[Paper]) -> None:
    """Take the files of papers away."""
    for paper in papers:
        for language in LANGUAGES:
            default_storage.delete(_name(paper, language))


def _keep(paper: Paper, language: str, data: bytes) -> bytes:
    """Keep a file that was just drawn; what to give out: where somebody else was quicker, theirs. That it cannot be kept stops nobody."""
    name = _name(paper, language)
    try:
        sealed = ContentFile(seal(paper.learner.uuid, _purpose(paper, language), data))
        if default_storage.exists(name) and kept_pdf(paper, language) is None:
            default_storage.delete(name)
        stored = default_storage.save(name, sealed)
        if stored != name:
            default_storage.delete(stored)
            return kept_pdf(paper, language) or data
        if not type(paper)._default_manager.filter(pk=paper.pk).exists():  # its person was erased while it was drawn
            default_storage.delete(name)
    except (OSError, SealingProblem):
        logger.exception("The file of paper %s could not be kept.", paper.uuid)
    return data


def _name(paper: Paper, language: str) -> str:
    return f"papers/{paper.uuid.hex[:2]}/{paper.uuid}.{language}"


def _purpose(paper: Paper, language: str) -> str:
    return f"creditbank.paper:{paper.uuid}:{language}"
