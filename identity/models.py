"""The models of all parts, so that the app has one migration history."""

from identity.institutions.models import Alliance, AllianceMember, ApiToken, Institution, LearnerNumber, Membership
from identity.people.models import CivilNumber, DataExport, ErasureRequest, User
from identity.signin.models import OutboxMessage

__all__ = [
    "Alliance",
    "AllianceMember",
    "ApiToken",
    "CivilNumber",
    "DataExport",
    "ErasureRequest",
    "Institution",
    "LearnerNumber",
    "Membership",
    "OutboxMessage",
    "User",
]
