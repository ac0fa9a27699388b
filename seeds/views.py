"""Trying the demo as somebody, and reading what it sends."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from identity.api import OutboxMessage, User
from seeds.people import DEMO_PEOPLE, demo_person


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


def demo(request: HttpRequest) -> HttpResponse:
    """Everybody one can be here, with what that person can do."""
    _only_in_the_demo()
    known = set(User.objects.filter(is_demo=True).values_list("email", flat=True))
    people = [person for person in DEMO_PEOPLE if person.email in known]
    return render(request, "seeds/demo.html", {"people": people})


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of them, without a password."""
    _only_in_the_demo()
    person = demo_person(request.POST.get("person", ""))
    user = User.objects.filter(email=person.email, is_demo=True).first() if person else None
    if user is None or person is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    answer = redirect(person.starts_at)
    answer.set_cookie("mode", "elder" if user.elder_mode else "normal", samesite="Lax")
    return answer


def mailbox(request: HttpRequest) -> HttpResponse:
    """Mail and text messages that the demo would have sent."""
    _only_in_the_demo()
    page = Paginator(OutboxMessage.objects.all(), 20).get_page(request.GET.get("page"))
    return render(request, "seeds/mailbox.html", {"page": page})
