"""Routes of the HTTP API that the library answers."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["library"])
