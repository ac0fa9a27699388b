"""What recognition stores: applications with their lines and steps, appeals, exceptions, evidence, and the institution's periods."""

from creditbank.recognition.models.appeals import Appeal
from creditbank.recognition.models.applications import (
    CASE_ROLES,
    DESK_ROLES,
    PAIR,
    Application,
    ApplicationLine,
    ApplicationRerun,
    ApplicationStep,
    ApplicationVote,
    DeclaredInterest,
)
from creditbank.recognition.models.checks import SpotCheck, SpotCheckDraw
from creditbank.recognition.models.evidence import EVIDENCE, ApplicationEvidence
from creditbank.recognition.models.exceptions import IndividualException
from creditbank.recognition.models.mergers import AccountMerger
from creditbank.recognition.models.policies import ExpertStanding, RecognitionPolicy

__all__ = [
    "CASE_ROLES",
    "DESK_ROLES",
    "EVIDENCE",
    "PAIR",
    "AccountMerger",
    "Appeal",
    "Application",
    "ApplicationEvidence",
    "ApplicationLine",
    "ApplicationRerun",
    "ApplicationStep",
    "ApplicationVote",
    "DeclaredInterest",
    "ExpertStanding",
    "IndividualException",
    "RecognitionPolicy",
    "SpotCheck",
    "SpotCheckDraw",
]
