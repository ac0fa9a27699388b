"""The bank's routes of the HTTP API, collected from its parts."""

from __future__ import annotations

from ninja import Router

from creditbank.agreements.rest import router as agreements
from creditbank.catalogue.rest import router as catalogue
from creditbank.recognition.rest import router as recognition
from creditbank.results.rest import router as results
from creditbank.statements.rest import router as statements

router = Router()
for part in (catalogue, agreements, recognition, statements, results):
    router.add_router("", part)
