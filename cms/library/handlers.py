"""A school that joins gets its place; a membership that changes is mirrored into Wagtail's groups."""

from __future__ import annotations

from cms.library.actions import create_school_page, mirror_memberships
from foundation.api import handles, register_notice
from identity.api import Institution, InstitutionOnboarded, Membership, MembershipChanged


@handles(InstitutionOnboarded)
def open_school(event: InstitutionOnboarded) -> None:
    create_school_page(Institution.objects.get(pk=event.institution_id))


@handles(MembershipChanged)
def follow_membership(event: MembershipChanged) -> None:
    mirror_memberships(Membership.objects.select_related("person").get(pk=event.membership_id).person)


register_notice(
    "library.approved",
    zh=("《{title}》已进入资源库", "《{title}》通过审核，已在资源库发布。"),
    en=("“{title}” is in the library", "“{title}” has passed the review and is published in the library."),
)
register_notice(
    "library.changes_asked",
    zh=("《{title}》需要修改", "审核人请您修改《{title}》：{note}"),
    en=("Please change “{title}”", "The reviewer asks for changes to “{title}”: {note}"),
)
register_notice(
    "library.rejected",
    zh=("《{title}》未通过审核", "《{title}》未通过资源库审核：{note}"),
    en=("“{title}” was not accepted", "The library did not accept “{title}”: {note}"),
)
