"""Pages of statements: the account, the person's papers, and their public check."""

from creditbank.statements.views.account import account, statement_csv
from creditbank.statements.views.papers import issue, transcript, transcript_pdf, transcripts
from creditbank.statements.views.verification import verify, verify_short

__all__ = ["account", "issue", "statement_csv", "transcript", "transcript_pdf", "transcripts", "verify", "verify_short"]
