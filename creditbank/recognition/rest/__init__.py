"""Routes of the HTTP API about recognition: the public explorer, one's own applications, the desk, and institutions' systems."""

from ninja import Router

from creditbank.recognition.rest.appeals import router as appeals
from creditbank.recognition.rest.desk import router as desk
from creditbank.recognition.rest.evidence import router as evidence
from creditbank.recognition.rest.exceptions import router as exceptions
from creditbank.recognition.rest.explorer import router as explorer
from creditbank.recognition.rest.learner import router as learner

router = Router()
for part in (explorer, learner, evidence, appeals, desk, exceptions):
    router.add_router("", part)

__all__ = ["router"]
