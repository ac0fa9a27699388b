"""Routes of the HTTP API about rule books and agreements. What binds people can be read by everybody; persons change it, in their role."""

from ninja import Router

from creditbank.agreements.rest.books import router as books
from creditbank.agreements.rest.contracts import router as contracts
from creditbank.agreements.rest.drafts import router as drafts
from creditbank.agreements.rest.editing import router as editing

router = Router()
for part in (books, drafts, editing, contracts):
    router.add_router("", part)

__all__ = ["router"]
