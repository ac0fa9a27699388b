"""The front door of the credit bank: the only module that other apps import from."""

from creditbank.agreements.actions import draft_version, findings_of, publish_rules
from creditbank.agreements.enums import AgreementKind, AgreementStatus, VersionStatus
from creditbank.agreements.exceptions import LintErrors, NotADraft, SamePerson
from creditbank.agreements.models import Agreement, RuleBook, RuleBookVersion
from creditbank.agreements.queries import version_in_force
from creditbank.catalogue.models import Outcome, Programme, Rate, Requirement
from creditbank.ledger.actions import deposit, expire, post_transaction, reverse_transaction, verify
from creditbank.ledger.enums import AccountKind, TransactionType
from creditbank.ledger.exceptions import AlreadyReversed, InsufficientCredit, NotAPosting, OffStep, SecondPersonNeeded
from creditbank.ledger.models import NOBODY, Account, Hold, Posting, Transaction
from creditbank.ledger.queries import balances, find_faults, live_lots, statement_lines
from creditbank.ledger.types import Balance, Move, Place, StatementLine
from creditbank.recognition.actions import (
    LineDecision,
    accept_decision,
    answer_request,
    claim_application,
    confirm_decision,
    confirm_record,
    decide_application,
    deposit_record,
    post_award,
    request_information,
    reverse_award,
    send_application,
    send_back,
    start_application,
    submit_application,
    withdraw_application,
)
from creditbank.recognition.enums import ApplicationState, LineChoice, RefusalReason, Verdict
from creditbank.recognition.exceptions import (
    DecisionIncomplete,
    NoRulesInForce,
    NothingToRecognise,
    RecordsTaken,
    SamePersonTwice,
    TooLate,
    WrongState,
)
from creditbank.recognition.models import Application, ApplicationLine, ApplicationStep
from creditbank.recognition.queries import Proposal, propose, replay, without_deposit
from creditbank.statements.actions import issue_transcript, revoke_transcript
from creditbank.statements.models import Transcript
from creditbank.statements.queries import find_transcript

__all__ = [
    "NOBODY",
    "Account",
    "AccountKind",
    "Agreement",
    "AgreementKind",
    "AgreementStatus",
    "AlreadyReversed",
    "Application",
    "ApplicationLine",
    "ApplicationState",
    "ApplicationStep",
    "Balance",
    "DecisionIncomplete",
    "Hold",
    "InsufficientCredit",
    "LineChoice",
    "LineDecision",
    "LintErrors",
    "Move",
    "NoRulesInForce",
    "NotADraft",
    "NotAPosting",
    "NothingToRecognise",
    "OffStep",
    "Outcome",
    "Place",
    "Posting",
    "Programme",
    "Proposal",
    "Rate",
    "RecordsTaken",
    "RefusalReason",
    "Requirement",
    "RuleBook",
    "RuleBookVersion",
    "SamePerson",
    "SamePersonTwice",
    "SecondPersonNeeded",
    "StatementLine",
    "TooLate",
    "Transaction",
    "TransactionType",
    "Transcript",
    "Verdict",
    "VersionStatus",
    "WrongState",
    "accept_decision",
    "answer_request",
    "balances",
    "claim_application",
    "confirm_decision",
    "confirm_record",
    "decide_application",
    "deposit",
    "deposit_record",
    "draft_version",
    "expire",
    "find_faults",
    "find_transcript",
    "findings_of",
    "issue_transcript",
    "live_lots",
    "post_award",
    "post_transaction",
    "propose",
    "publish_rules",
    "replay",
    "request_information",
    "reverse_award",
    "reverse_transaction",
    "revoke_transcript",
    "send_application",
    "send_back",
    "start_application",
    "statement_lines",
    "submit_application",
    "verify",
    "version_in_force",
    "withdraw_application",
    "without_deposit",
]
