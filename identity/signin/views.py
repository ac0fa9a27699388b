"""A person's settings, the acting role, and doors that lead to sign-in."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from foundation.api import access
from identity.institutions.models import LearnerNumber
from identity.institutions.numbers import unlink_learner_number
from identity.people.requests import SignedInRequest
from identity.signin.actions import choose_acting_role, save_settings
from identity.signin.forms import ActingForm, SettingsForm
from identity.signin.middleware import SESSION_KEY

READING_COOKIES = 31_536_000


@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    """Name, language, reading comfort; and the ways to password, passkeys, sessions and roles."""
    person = cast("SignedInRequest", request).user
    form = SettingsForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        save_settings(person, changes=form.cleaned_data, actor=person)
        messages.success(request, _("Saved."))
        answer = redirect("identity:settings")
        for name, value in (("theme", person.theme), ("size", person.text_size), ("mode", "elder" if person.elder_mode else "normal")):
            answer.set_cookie(name, value, max_age=READING_COOKIES, samesite="Lax", secure=request.is_secure())
        return answer
    status = 400 if form.errors else 200
    numbers = list(LearnerNumber.objects.filter(person=person).select_related("institution"))
    return render(request, "identity/settings.html", {"form": form, "held": person.held_roles, "numbers": numbers}, status=status)


@login_required
@require_POST
def unlink_number(request: HttpRequest, number_uuid: str) -> HttpResponse:
    """Say that an institution's learner number is not one's own."""
    person = cast("SignedInRequest", request).user
    row = access(LearnerNumber.objects.filter(person=person).select_related("institution"), number_uuid, user=person, to="unlink")
    unlink_learner_number(row, actor=person)
    messages.success(request, _("The number is no longer linked to you; its activities have left your archive."))
    return redirect("identity:settings")


@login_required
@require_POST
def act_as(request: HttpRequest) -> HttpResponse:
    """Choose the one membership to act in, or none."""
    person = cast("SignedInRequest", request).user
    form = ActingForm(request.POST)
    wanted = form.cleaned_data.get("membership") if form.is_valid() else None
    held = next((row for row in person.held_roles if row.membership_id == wanted), None)
    if held is None:
        request.session.pop(SESSION_KEY, None)
    else:
        request.session[SESSION_KEY] = held.membership_id
    choose_acting_role(person, held=held)
    messages.success(request, _("You now act in the chosen role.") if held else _("No single role is chosen."))
    return redirect("identity:settings")


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The editor's own sign-in page leads to the common one, with its limits and second factors; who is signed in may simply not enter."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.GET.get('next', '/cms/')})}")


def to_password_reset(request: HttpRequest) -> HttpResponse:
    """The editor's own password page leads to the common one."""
    return redirect("account_reset_password")


def to_settings(request: HttpRequest) -> HttpResponse:
    """The editor's own account page asks for first and last name; ours does not."""
    return redirect("identity:settings")
