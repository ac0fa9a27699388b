"""The models of all parts, so that the app has one migration history."""

from identity.institutions.models import Alliance, AllianceMember, ApiToken, Institution, LearnerNumber, Membership
from identity.people.models import DataExport, ErasureRequest, User
from identity.signin.models import OutboxMessage

__all__ = [
    "Alliance",
    "AllianceMember",
    "ApiToken",
    "DataExport",
    "ErasureRequest",
    "Institution",
    "LearnerNumber",
    "Membership",
    "OutboxMessage",
    "User",
]
