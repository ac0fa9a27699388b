"""Routes of the HTTP API about rule books and agreements. What binds people can be read by everybody; persons change it, in their role."""

from ninja import Router

from creditbank.agreements.rest.books import router as books
from creditbank.agreements.rest.contracts import router as contracts
from creditbank.agreements.rest.drafts import router as drafts

router = Router()
for part in (books, drafts, contracts):
    router.add_router("", part)

__all__ = ["router"]
