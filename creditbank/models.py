"""The models of all parts, so that the app has one migration history."""

from creditbank.agreements.models import Agreement, LimitRow, RuleBook, RuleBookVersion, RuleRow
from creditbank.catalogue.models import Outcome, Programme, Rate, Requirement
from creditbank.ledger.models import Account, BookCheck, ExpiryWarning, Hold, LedgerFreeze, Posting, Transaction
from creditbank.recognition.corrections import Correction, SourceReview
from creditbank.recognition.models import (
    Appeal,
    Application,
    ApplicationEvidence,
    ApplicationLine,
    ApplicationRerun,
    ApplicationStep,
    ApplicationVote,
    DeclaredInterest,
    ExpertStanding,
    IndividualException,
    RecognitionPolicy,
)
from creditbank.results.models import ResultBatch, ResultRow
from creditbank.simulation.models import SimulationRun
from creditbank.statements.models import Certificate, SubmissionCode, Transcript

__all__ = [
    "Account",
    "Agreement",
    "Appeal",
    "Application",
    "ApplicationEvidence",
    "ApplicationLine",
    "ApplicationRerun",
    "ApplicationStep",
    "ApplicationVote",
    "BookCheck",
    "Certificate",
    "Correction",
    "DeclaredInterest",
    "ExpertStanding",
    "ExpiryWarning",
    "Hold",
    "IndividualException",
    "LedgerFreeze",
    "LimitRow",
    "Outcome",
    "Posting",
    "Programme",
    "Rate",
    "RecognitionPolicy",
    "Requirement",
    "ResultBatch",
    "ResultRow",
    "RuleBook",
    "RuleBookVersion",
    "RuleRow",
    "SimulationRun",
    "SourceReview",
    "SubmissionCode",
    "Transaction",
    "Transcript",
]
