"""The models of all parts, so that the app has one migration history."""

from foundation.audit.models import AuditEntry, DeletionPermit, LogCheck, LogHead, LogLeaf, LogNode
from foundation.http.models import IdempotencyKey
from foundation.jobs.models import Job
from foundation.keys.models import PersonKey
from foundation.measures.models import CreditSystem, Level, LevelFramework
from foundation.notices.models import Notice

__all__ = [
    "AuditEntry",
    "CreditSystem",
    "DeletionPermit",
    "IdempotencyKey",
    "Job",
    "Level",
    "LevelFramework",
    "LogCheck",
    "LogHead",
    "LogLeaf",
    "LogNode",
    "Notice",
    "PersonKey",
]
