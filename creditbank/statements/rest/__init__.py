"""Routes of the HTTP API about one's own account, papers, and the public check of papers."""

from ninja import Router

from creditbank.statements.rest.account import router as account
from creditbank.statements.rest.cases import router as cases
from creditbank.statements.rest.checks import router as checks
from creditbank.statements.rest.desk import router as desk
from creditbank.statements.rest.papers import router as papers
from creditbank.statements.rest.submissions import router as submissions

router = Router()
for part in (account, papers, checks, desk, cases, submissions):
    router.add_router("", part)

__all__ = ["router"]
