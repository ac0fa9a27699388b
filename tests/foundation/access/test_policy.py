from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from foundation.access.policy import DuplicatePermissionError
from foundation.api import access, can, permission, visible_to
from foundation.models import Notice


def _person(number: int = 1) -> SimpleNamespace:
    return SimpleNamespace(uuid=uuid.UUID(int=number), is_authenticated=True, is_superuser=True)


@pytest.mark.django_db
def test_what_is_not_visible_does_not_exist_even_for_a_superuser():
    notice = Notice.objects.create(recipient_uuid=uuid.UUID(int=2), code="test.code")

    with pytest.raises(Http404):
        access(Notice, notice.uuid, user=_person(1))

    assert access(Notice, notice.uuid, user=_person(2)) == notice


@pytest.mark.django_db
def test_what_is_visible_but_not_allowed_is_forbidden():
    permission(Notice, "burn")(lambda user, notice: False)
    notice = Notice.objects.create(recipient_uuid=uuid.UUID(int=2), code="test.code")

    with pytest.raises(PermissionDenied):
        access(Notice, str(notice.uuid), user=_person(2), to="burn")


@pytest.mark.django_db
@pytest.mark.parametrize("ident", ["", "x", "1", "\x00", "0" * 5000, "../../etc/passwd", "' OR 1=1 --", "𠅤"])
def test_an_identifier_that_can_be_none_is_simply_not_found(ident):
    with pytest.raises(Http404):
        access(Notice, ident, user=_person())


def test_an_action_nobody_declared_is_an_error_and_not_a_silent_no():
    with pytest.raises(LookupError, match="fly"):
        can(_person(), "fly", Notice())


def test_two_predicates_for_one_action_are_refused():
    with pytest.raises(DuplicatePermissionError):

        @permission(Notice, "view")
        def another(user, notice):
            return True


@pytest.mark.django_db
def test_the_policy_and_the_queryset_of_notices_agree():
    Notice.objects.bulk_create([Notice(recipient_uuid=uuid.UUID(int=number % 3), code="test.code") for number in range(9)])

    for number in range(4):
        person = _person(number)
        assert set(visible_to(person, Notice)) == {notice for notice in Notice.objects.all() if can(person, "view", notice)}
