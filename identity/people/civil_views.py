"""The number of one's identity card in the settings: give it, see that it is there, take it back."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from identity.people.civil import civil_number_of, forget_civil_number, give_civil_number
from identity.people.forms import CivilNumberForm
from identity.people.requests import SignedInRequest
from identity.people.validators import mask_civil_number


@login_required
@never_cache
def civil_number(request: HttpRequest) -> HttpResponse:
    """What the number is for, whether it is there, and a field for it. It is never shown again as a whole."""
    person = cast("SignedInRequest", request).user
    form = CivilNumberForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        give_civil_number(person, form.cleaned_data["number"], actor=person, at=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("identity:civil_number")
    context = {"form": form, "masked": mask_civil_number(civil_number_of(person))}
    return render(request, "identity/civil_number.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def remove_civil_number(request: HttpRequest) -> HttpResponse:
    """Take it back."""
    person = cast("SignedInRequest", request).user
    if forget_civil_number(person, actor=person):
        messages.success(request, _("Your identity card number was removed."))
    return redirect("identity:civil_number")
