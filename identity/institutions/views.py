"""Institutions for the public, their members for those who administer them, and onboarding for the operator."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from foundation.api import access, can
from identity.institutions.actions import end_membership, grant_membership, onboard_institution
from identity.institutions.enums import InstitutionKind, Role
from identity.institutions.exceptions import MembershipRefused
from identity.institutions.forms import GrantForm, OnboardForm, TokenForm
from identity.institutions.models import ApiToken, Institution, Membership
from identity.institutions.tokens import SCOPES, make_token, revoke_token
from identity.people.requests import SignedInRequest

PAGE_SIZE = 30


def institutions(request: HttpRequest) -> HttpResponse:
    """All active institutions; found by name, pinyin or initials, filtered by kind."""
    words, kind = request.GET.get("q", "").strip()[:60], request.GET.get("kind", "")
    rows = Institution.objects.active().visible_to(request.user)
    if words:
        rows = rows.filter(search_text__contains=words.casefold().replace(" ", ""))
    if kind in InstitutionKind.values:
        rows = rows.filter(kind=kind)
    page = Paginator(rows.order_by("kind", "code"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "kinds": InstitutionKind.choices,
        "kind": kind,
        "q": words,
        "query": f"q={words}&kind={kind}&" if words or kind else "",
    }
    return render(request, "identity/institutions.html", context)


def institution(request: HttpRequest, code: str) -> HttpResponse:
    """One institution: what it is and how to reach it."""
    row = access(Institution, code, user=request.user, field="code")
    return render(request, "identity/institution.html", {"institution": row})


@login_required
def members(request: HttpRequest, code: str, form: GrantForm | None = None) -> HttpResponse:
    """Who works at an institution, and giving and ending roles."""
    row = access(Institution, code, user=request.user, to="see_members", field="code")
    current = (
        Membership.objects.active(on=timezone.localdate()).filter(institution=row).select_related("person").order_by("role", "person__name")
    )
    context = {"institution": row, "members": current[:500], "form": form or GrantForm()}
    return render(request, "identity/members.html", context, status=400 if form and form.errors else 200)


@login_required
@require_POST
def grant(request: HttpRequest, code: str) -> HttpResponse:
    """Give a role."""
    row = access(Institution, code, user=request.user, to="grant_roles", field="code")
    form = GrantForm(request.POST)
    if not form.is_valid():
        return members(request, code, form)
    data = form.cleaned_data
    try:
        grant_membership(data["person"], row, data["role"], actor=request.user, ends_on=data["ends_on"])  # type: ignore[arg-type]
    except MembershipRefused as error:
        form.add_error("person" if error.code == "own_person" else "role", _refusal(error.code))
        return members(request, code, form)
    messages.success(request, _("The role is given; it holds from now on."))
    return redirect("identity:members", code)


def _refusal(code: str) -> str:
    return _("Nobody gives a role to the own person.") if code == "own_person" else _("You may not give this role here.")


@login_required
@require_POST
def end(request: HttpRequest, code: str, membership_uuid: str) -> HttpResponse:
    """End a role."""
    membership = access(Membership.objects.filter(institution__code=code), membership_uuid, user=request.user, to="end")
    try:
        end_membership(membership, actor=request.user, on=timezone.localdate())  # type: ignore[arg-type]
    except MembershipRefused:
        messages.error(request, _("This role cannot be ended by you."))
        return redirect("identity:members", code)
    messages.success(request, _("The role has ended."))
    return redirect("identity:members", code)


@login_required
def onboard(request: HttpRequest) -> HttpResponse:
    """Let an institution take part: one form, one action."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.OPERATOR):
        raise PermissionDenied(_("Institutions are admitted by the platform's operator."))
    form = OnboardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = onboard_institution(actor=person, **form.cleaned_data)
        messages.success(request, _("%(name)s takes part now: page, collection and groups are made.") % {"name": row.name})
        return redirect("identity:institution", row.code)
    recent = Institution.objects.filter(created_at__gte=timezone.now() - timedelta(days=90)).order_by("-created_at")[:20]
    return render(request, "identity/onboard.html", {"form": form, "recent": recent}, status=400 if form.errors else 200)


@login_required
def tokens(request: HttpRequest, code: str) -> HttpResponse:
    """The tokens of an institution's systems; making one shows its text this once."""
    row = access(Institution, code, user=request.user, to="see_tokens", field="code")
    form, fresh = TokenForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST":
        access(Institution, code, user=request.user, to="make_tokens", field="code")
        if form.is_valid():
            token, text = make_token(row, actor=request.user, at=timezone.now(), **form.cleaned_data)
            form, fresh = TokenForm(), {"name": token.name, "text": text}
    known = ApiToken.objects.filter(institution=row).order_by("revoked_at", "-id")[:100]
    listed = [{"token": one, "scopes": [SCOPES[scope] for scope in one.scopes]} for one in known]
    context = {
        "institution": row, "tokens": listed, "form": form, "fresh": fresh, "today": timezone.localdate(),
        "may_make": can(request.user, "make_tokens", row), "may_revoke": bool(known) and can(request.user, "revoke", known[0]),
    }  # fmt: skip
    answer = render(request, "identity/tokens.html", context, status=400 if form.errors else 200)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def revoke(request: HttpRequest, code: str, token_uuid: str) -> HttpResponse:
    """A token opens nothing from now on."""
    row = access(ApiToken.objects.filter(institution__code=code), token_uuid, user=request.user, to="revoke")
    revoke_token(row, actor=request.user, at=timezone.now())
    messages.success(request, _("The token “%(name)s” opens nothing from now on.") % {"name": row.name})
    return redirect("identity:tokens", code)
