"""Routes of the HTTP API about uploads of results: for institutions' systems, and for the desk."""

from ninja import Router

from creditbank.results.rest.desk import router as desk
from creditbank.results.rest.systems import router as systems

router = Router()
for part in (systems, desk):
    router.add_router("", part)

__all__ = ["router"]
