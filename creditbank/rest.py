"""The bank's routes of the HTTP API, collected from its parts."""

from __future__ import annotations

from ninja import Router

from creditbank.agreements.rest import router as agreements
from creditbank.catalogue.rest import router as catalogue
from creditbank.catalogue.rest_imports import router as catalogue_imports
from creditbank.pathways.rest import router as pathways
from creditbank.recognition.rest import router as recognition
from creditbank.results.rest import router as results
from creditbank.simulation.rest import router as simulation
from creditbank.statements.rest import router as statements

router = Router()
for part in (catalogue, catalogue_imports, agreements, recognition, simulation, pathways, statements, results):
    router.add_router("", part)
