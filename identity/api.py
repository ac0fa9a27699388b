"""The front door of identity: the only module that other apps import from."""

from identity.institutions.actions import add_to_alliance, end_membership, grant_membership, onboard_institution, remove_from_alliance
from identity.institutions.enums import PLAIN_ROLES, SCHOOL_ROLES, InstitutionKind, InstitutionStatus, Role
from identity.institutions.events import (
    AllianceChanged,
    InstitutionOnboarded,
    LearnerNumberLinked,
    LearnerNumberUnlinked,
    MembershipChanged,
)
from identity.institutions.exceptions import InstitutionExists, LearnerNumberTaken, MembershipRefused
from identity.institutions.forms import PersonField
from identity.institutions.models import Alliance, AllianceMember, ApiToken, Institution, LearnerNumber, Membership
from identity.institutions.numbers import link_learner_number, people_by_number, unlink_learner_number
from identity.institutions.queries import institution_by_code
from identity.institutions.tokens import InstitutionToken, make_token
from identity.people.actions import (
    ERASED_NAME,
    ask_for_erasure,
    carry_out_erasure,
    erase_again,
    refuse_erasure,
    withdraw_erasure,
)
from identity.people.civil import civil_number_of, civil_numbers, forget_civil_number, give_civil_number, people_with_civil_number
from identity.people.enums import ErasureState
from identity.people.erasing import Eraser, Prospect, Treatment, prospect_of, register_eraser, registered_erasers
from identity.people.exceptions import ErasureBlocked, OwnErasure, WrongErasureState
from identity.people.exporting import OFFICE, About, Exporter, PersonFile, register_exporter, registered_exporters, safe_name
from identity.people.models import CivilNumber, DataExport, ErasureRequest, User
from identity.people.own_data import ask_for_data, put_together
from identity.people.queries import names_of, person_by_uuid
from identity.people.requests import SignedInRequest
from identity.people.tasks import tidy_exports
from identity.people.validators import clean_civil_number, clean_name, clean_phone, mask_civil_number, mask_name, mask_phone, show_phone
from identity.signin.models import OutboxMessage

__all__ = [
    "ERASED_NAME",
    "OFFICE",
    "PLAIN_ROLES",
    "SCHOOL_ROLES",
    "About",
    "Alliance",
    "AllianceChanged",
    "AllianceMember",
    "ApiToken",
    "CivilNumber",
    "DataExport",
    "Eraser",
    "ErasureBlocked",
    "ErasureRequest",
    "ErasureState",
    "Exporter",
    "Institution",
    "InstitutionExists",
    "InstitutionKind",
    "InstitutionOnboarded",
    "InstitutionStatus",
    "InstitutionToken",
    "LearnerNumber",
    "LearnerNumberLinked",
    "LearnerNumberTaken",
    "LearnerNumberUnlinked",
    "Membership",
    "MembershipChanged",
    "MembershipRefused",
    "OutboxMessage",
    "OwnErasure",
    "PersonField",
    "PersonFile",
    "Prospect",
    "Role",
    "SignedInRequest",
    "Treatment",
    "User",
    "WrongErasureState",
    "add_to_alliance",
    "ask_for_data",
    "ask_for_erasure",
    "carry_out_erasure",
    "civil_number_of",
    "civil_numbers",
    "clean_civil_number",
    "clean_name",
    "clean_phone",
    "end_membership",
    "erase_again",
    "forget_civil_number",
    "give_civil_number",
    "grant_membership",
    "institution_by_code",
    "link_learner_number",
    "make_token",
    "mask_civil_number",
    "mask_name",
    "mask_phone",
    "names_of",
    "onboard_institution",
    "people_by_number",
    "people_with_civil_number",
    "person_by_uuid",
    "prospect_of",
    "put_together",
    "refuse_erasure",
    "register_eraser",
    "register_exporter",
    "registered_erasers",
    "registered_exporters",
    "remove_from_alliance",
    "safe_name",
    "show_phone",
    "tidy_exports",
    "unlink_learner_number",
    "withdraw_erasure",
]
