"""A school's place in the CMS: its page, its collection, its groups; filled from memberships, never by hand."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.text import slugify
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission

from cms.library.models import SchoolPage, SchoolsPage
from foundation.api import record_audit_entry
from identity.api import Institution, Role, User

DESK_GROUPS = {
    Role.EDITOR: "editor",
    Role.SCHOOL_APPROVER: "approver",
    Role.INSTRUCTOR: "instructor",
    Role.SCHOOL_ADMINISTRATOR: "administrator",
}
ADMIN_GROUP = "desk"
"""Everybody who may enter Wagtail's admin at all; what they see there comes from the groups of their schools."""


def group_name(institution: Institution, role: str) -> str:
    """The name of a school's group: ``JLOU editor``."""
    return f"{institution.code} {DESK_GROUPS[Role(role)]}"


@transaction.atomic
def create_school_page(institution: Institution) -> SchoolPage:
    """Page, collection and groups of an institution; calling it again changes nothing.

    Editors add and change pages, pictures and files of their own school and nothing else; nobody holds Wagtail's *publish*.
    """
    known = SchoolPage.objects.filter(institution=institution).first()
    if known is not None:
        return known
    page = SchoolPage(title=institution.name_zh, slug=slugify(institution.code), institution=institution, live=True)
    SchoolsPage.objects.get().add_child(instance=page)
    collection = Collection.get_first_root_node().add_child(name=institution.code)
    for role in DESK_GROUPS:
        group, _created = Group.objects.get_or_create(name=group_name(institution, role))
        if role == Role.EDITOR:
            _let_edit(group, page, collection)
        else:
            _let_choose(group, collection)
    _admin_group()
    record_audit_entry("library.open_school", actor=None, about=page, data={"institution": institution.code})
    return page


def _let_edit(group: Group, page: SchoolPage, collection: Collection) -> None:
    for codename in ("add_page", "change_page"):
        GroupPagePermission.objects.create(group=group, page=page, permission=_permission("wagtailcore", codename))
    group.permissions.add(*(_permission("cms", f"{verb}_quiz") for verb in ("add", "change", "view")))
    for app, model in (("wagtailimages", "image"), ("wagtaildocs", "document")):
        for verb in ("add", "change", "choose"):
            GroupCollectionPermission.objects.create(group=group, collection=collection, permission=_permission(app, f"{verb}_{model}"))


def _let_choose(group: Group, collection: Collection) -> None:
    for app, model in (("wagtailimages", "image"), ("wagtaildocs", "document")):
        GroupCollectionPermission.objects.create(group=group, collection=collection, permission=_permission(app, f"choose_{model}"))


def _permission(app: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def _admin_group() -> Group:
    group, created = Group.objects.get_or_create(name=ADMIN_GROUP)
    if created:
        group.permissions.add(_permission("wagtailadmin", "access_admin"))
    return group


@transaction.atomic
def mirror_memberships(person: User) -> bool:
    """Bring a person's groups of the editors' desk in step with the memberships that hold today; whether anything had to change.

    Groups of other origin stay. Runs after every change of a membership, and on entering the desk, because a membership that ends or
    begins with a day announces nothing. The person has been read for this request or this change, so the roles held are those of now.
    """
    wanted = {f"{held.institution_code} {DESK_GROUPS[Role(held.role)]}" for held in person.held_roles if held.role in DESK_GROUPS}
    if person.is_staff:
        wanted.add(ADMIN_GROUP)
    endings = tuple(f" {name}" for name in DESK_GROUPS.values())
    have = {name for name in person.groups.values_list("name", flat=True) if name == ADMIN_GROUP or name.endswith(endings)}
    if have == wanted:
        return False
    person.groups.remove(*Group.objects.filter(name__in=have - wanted))
    person.groups.add(*(_admin_group() if name == ADMIN_GROUP else Group.objects.get_or_create(name=name)[0] for name in wanted - have))
    return True
