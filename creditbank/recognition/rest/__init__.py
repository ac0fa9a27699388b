"""Routes of the HTTP API about recognition: the public explorer, one's own applications, the desk, and institutions' systems."""

from ninja import Router

from creditbank.recognition.rest.appeals import router as appeals
from creditbank.recognition.rest.cases import router as cases
from creditbank.recognition.rest.corrections import router as corrections
from creditbank.recognition.rest.desk import router as desk
from creditbank.recognition.rest.evidence import router as evidence
from creditbank.recognition.rest.exceptions import router as exceptions
from creditbank.recognition.rest.explorer import router as explorer
from creditbank.recognition.rest.keeping import router as keeping
from creditbank.recognition.rest.learner import router as learner
from creditbank.recognition.rest.managing import router as managing

router = Router()
for part in (explorer, learner, evidence, appeals, desk, cases, exceptions, corrections, keeping, managing):
    router.add_router("", part)

__all__ = ["router"]
