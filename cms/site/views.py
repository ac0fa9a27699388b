"""The home page, the choice of language, robots, sitemap."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from cms.library.models import CoursePage
from cms.library.queries import courses_visible_to
from cms.library.registries import register_page_view
from cms.library.taxonomy import KindOfEducation
from identity.api import Institution

NEWEST = 4
MOST_IN_SITEMAP = 50_000


def home(request: HttpRequest, page: Any) -> HttpResponse:
    """The front page: search, kinds of education with counts, newest courses, counters. A fixed number of queries."""
    visible = courses_visible_to(request.user).filter(live=True)
    counts = dict(visible.values_list("kinds__code").annotate(n=Count("pk", distinct=True)).order_by())
    kinds = [{"kind": kind, "count": counts.get(kind.code, 0)} for kind in KindOfEducation.objects.filter(retired=False)]
    newest = visible.select_related("subject", "institution", "credit_system").order_by("-first_published_at", "-pk")[:NEWEST]
    context = {
        "page": page, "kinds": kinds, "newest": newest, "courses": sum(counts.values()) and visible.count(),
        "institutions": Institution.objects.active().count(), "nav": "home",
        "words": ("护理", "书法", "急救", "人工智能"),
    }  # fmt: skip
    return render(request, "cms/site/home.html", context)


register_page_view("home", home)


def set_language(request: HttpRequest, language: str) -> HttpResponse:
    """Keep the language for pages without a prefix (sign-in, admin), and go back to where one was."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    wanted = request.GET.get("next", "/")
    target = wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else "/"
    response = redirect(target)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", secure=request.is_secure())
    return response


def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers should leave alone, and where the sitemap is."""
    closed = ("/my/", "/en/my/", "/desk/", "/en/desk/", "/accounts/", "/cms/", "/api/", "/v/", "/demo/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {settings.SITE_URL}/sitemap.xml"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def sitemap(request: HttpRequest) -> HttpResponse:
    """Addresses of what an anonymous visitor may preview, and nothing more."""

    courses: Any = CoursePage.objects.visible_to(AnonymousUser()).published().select_related("institution")[:MOST_IN_SITEMAP]
    with translation.override("zh-hans"):
        rows = [{"url": f"{settings.SITE_URL}{course.get_url()}", "changed": course.last_published_at} for course in courses]
    return render(request, "cms/site/sitemap.xml", {"rows": rows, "site": settings.SITE_URL}, content_type="application/xml; charset=utf-8")
