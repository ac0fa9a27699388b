"""The models of all parts, so that the app has one migration history."""

from identity.institutions.models import Alliance, AllianceMember, Institution, Membership
from identity.people.models import User

__all__ = ["Alliance", "AllianceMember", "Institution", "Membership", "User"]
