"""Pages of statements: the account, the person's papers, their public check, and the desk's certificates."""

from creditbank.statements.views.account import account, entry, statement, statement_csv
from creditbank.statements.views.cases import case_file
from creditbank.statements.views.desk import desk_certificate, desk_certificates, renew, revoke
from creditbank.statements.views.linked import rules_ctdl
from creditbank.statements.views.papers import (
    certificate,
    certificate_document,
    certificate_pdf,
    certificates,
    fetch_certificate,
    issue,
    take_back,
    transcript,
    transcript_document,
    transcript_pdf,
    transcripts,
)
from creditbank.statements.views.showing import show, shown
from creditbank.statements.views.submissions import submission, submissions
from creditbank.statements.views.verification import verify, verify_file, verify_short

__all__ = [
    "account",
    "case_file",
    "certificate",
    "certificate_document",
    "certificate_pdf",
    "certificates",
    "desk_certificate",
    "desk_certificates",
    "entry",
    "fetch_certificate",
    "issue",
    "renew",
    "revoke",
    "rules_ctdl",
    "show",
    "shown",
    "statement",
    "statement_csv",
    "submission",
    "submissions",
    "take_back",
    "transcript",
    "transcript_document",
    "transcript_pdf",
    "transcripts",
    "verify",
    "verify_file",
    "verify_short",
]
