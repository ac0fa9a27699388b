"""The record store for a school's administrator: state, keys, systems, numbers that wait for their owner, forwarding."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from foundation.api import access, can
from identity.api import Institution, LearnerNumberTaken, MembershipRefused, SignedInRequest, link_learner_number
from learning.xapi.accounts import HomeRefused, homes_of, register_home
from learning.xapi.forms import ForwardForm, HomeForm, KeyForm, LinkForm
from learning.xapi.forwarding import ForwardingRefused, set_forwarding, stop_forwarding
from learning.xapi.keys import create_key, revoke_key
from learning.xapi.models import XapiForward, XapiKey
from learning.xapi.profile import EXPERIENCED, LESSON, site_iri
from learning.xapi.report import TEST_NUMBER, state_of
from learning.xapi.storing import take_statements


@login_required
@require_safe
def store(request: SignedInRequest, code: str) -> HttpResponse:
    """The state of the store for one institution."""
    return _page(request, access(Institution, code, user=request.user, to="see_store", field="code"))


def _page(
    request: SignedInRequest, institution: Institution, *, bound: forms.Form | None = None, fresh: dict[str, str] | None = None
) -> HttpResponse:
    """The page, with a form that was refused in its place, or a key that has just been made."""
    state = state_of(institution, today=timezone.localdate())
    forward = state.forward
    known = {"url": forward.url, "username": forward.username} if forward else None
    shown: dict[str, Any] = {
        "key_form": KeyForm(),
        "home_form": HomeForm(),
        "link_form": LinkForm(),
        "forward_form": ForwardForm(initial=known),
    }
    if bound is not None:
        shown[{KeyForm: "key_form", HomeForm: "home_form", LinkForm: "link_form", ForwardForm: "forward_form"}[type(bound)]] = bound
    context = {
        "institution": institution,
        "state": state,
        "bound": bound,
        "fresh": fresh,
        "may_run": can(request.user, "run_store", institution),
        "endpoint": site_iri("/xapi/1.0"),
        "endpoint_2": site_iri("/xapi/2.0"),
        "home": institution.website or (state.homes[0].address if state.homes else "https://moodle.example.edu.cn"),
        "limit": settings.XAPI_REQUESTS_PER_MINUTE,
        **shown,
    }
    return render(request, "learning/store.html", context, status=422 if bound is not None else 200)


@login_required
@require_POST
def key_create(request: SignedInRequest, code: str) -> HttpResponse:
    """A new key; its secret is on the answer and nowhere else."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, institution, bound=form)
    key, secret = create_key(
        form.cleaned_data["name"], institution=institution, scopes=form.scopes, actor=request.user, at=timezone.now()
    )  # fmt: skip
    return _page(request, institution, fresh={"key": key.key, "secret": secret, "name": key.name})


@login_required
@require_POST
def key_revoke(request: SignedInRequest, code: str, key: str) -> HttpResponse:
    """End a key."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    row = XapiKey.objects.filter(institution=institution, key=key[:40].replace("\x00", "")).first()
    if row is not None:
        revoke_key(row, actor=request.user, at=timezone.now())
        messages.success(request, _("The key “%(name)s” opens nothing any more; what it wrote stays.") % {"name": row.name})
    return redirect("learning:store", institution.code)


@login_required
@require_POST
def home_register(request: SignedInRequest, code: str) -> HttpResponse:
    """Register a system."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    form = HomeForm(request.POST)
    if form.is_valid():
        try:
            register_home(institution, form.cleaned_data["address"], actor=request.user, at=timezone.now())
        except HomeRefused as refused:
            form.add_error("address", _home_reason(refused.code))
    if form.errors:
        return _page(request, institution, bound=form)
    messages.success(request, _("Accounts of this system belong to your learners from now on."))
    return redirect("learning:store", institution.code)


def _home_reason(code: str) -> str:
    if code == "own":
        return _("This is an address of the platform itself.")
    return _("Another institution has registered this address.")


@login_required
@require_POST
def learner_link(request: SignedInRequest, code: str) -> HttpResponse:
    """Say whose number it is."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    form = LinkForm(request.POST)
    if form.is_valid():
        clean = form.cleaned_data
        try:
            link_learner_number(clean["person"], institution, clean["number"], actor=request.user, at=timezone.now())
        except MembershipRefused:
            form.add_error("person", _("Nobody links a number to the own person. Ask another administrator."))
        except LearnerNumberTaken:
            form.add_error("number", _("This number stands for another person already."))
    if form.errors:
        return _page(request, institution, bound=form)
    words = _("The number %(number)s is linked. Its activities are in the person's archive, who has been told.")
    messages.success(request, words % {"number": clean["number"]})
    return redirect("learning:store", institution.code)


@login_required
@require_POST
def test_statement(request: SignedInRequest, code: str) -> HttpResponse:
    """Write one statement the way a system would, and say what came of it."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    key = XapiKey.objects.filter(institution=institution, revoked_at__isnull=True, scopes__isnull=False).order_by("-created_at").first()
    homes = sorted(homes_of(institution))
    if key is None:
        messages.error(request, _("Make a key first."))
    elif not homes:
        messages.error(request, _("Register the address of your system first."))
    else:
        _send_test(request, key, homes[0])
    return redirect("learning:store", institution.code)


def _send_test(request: SignedInRequest, key: XapiKey, home: str) -> None:
    statement = {
        "id": str(uuid4()),
        "actor": {"objectType": "Agent", "account": {"homePage": home, "name": TEST_NUMBER}},
        "verb": {"id": EXPERIENCED.iri, "display": EXPERIENCED.names},
        "object": {"id": site_iri("/id/test"), "definition": {"type": LESSON.iri, "name": {"zh-CN": "测试", "en": "Test"}}},
    }
    take_statements([statement], key=key)
    words = _("The store took the test statement %(id)s with the key “%(name)s”.")
    messages.success(request, words % {"id": statement["id"], "name": key.name})


@login_required
@require_POST
def forwarding(request: SignedInRequest, code: str) -> HttpResponse:
    """Send new statements on to another store."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    known = XapiForward.objects.filter(institution=institution).exists()
    form = ForwardForm(request.POST, needs_secret=not known)
    if form.is_valid():
        try:
            set_forwarding(institution, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except ForwardingRefused as refused:
            form.add_error("url", _forward_reason(refused.code))
    if form.errors:
        return _page(request, institution, bound=form)
    messages.success(request, _("Statements that are stored from now on are sent there."))
    return redirect("learning:store", institution.code)


def _forward_reason(code: str) -> str:
    reasons = {
        "scheme": _("Only https addresses are called."),
        "credentials": _("No name, password or blank belongs into the address."),
        "port": _("Only the ports 443 and 8443 are called."),
        "unknown": _("This name is not known on the net."),
    }
    return reasons.get(code, _("This address does not belong to the public net."))


@login_required
@require_POST
def forwarding_stop(request: SignedInRequest, code: str) -> HttpResponse:
    """Send nothing more."""
    institution = access(Institution, code, user=request.user, to="run_store", field="code")
    row = XapiForward.objects.filter(institution=institution, is_active=True).first()
    if row is not None:
        stop_forwarding(row, actor=request.user)
        messages.success(request, _("Nothing more is sent to the other store."))
    return redirect("learning:store", institution.code)
